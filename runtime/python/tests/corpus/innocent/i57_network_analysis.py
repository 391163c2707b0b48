# innocent: graphs and statistics with networkx and scipy
import random

import networkx as nx
import numpy as np
from scipy import optimize, sparse, stats
from scipy.spatial.distance import cdist


def citation_graph(n: int, seed: int = 0) -> nx.DiGraph:
    rng = random.Random(seed)
    graph = nx.DiGraph(name="citations")
    for paper in range(n):
        graph.add_node(paper, year=2000 + paper // 10)
        for other in rng.sample(range(paper), k=min(paper, 3)):
            graph.add_edge(paper, other, weight=rng.random())
    return graph


def summary(graph: nx.DiGraph) -> dict[str, float]:
    rank = nx.pagerank(graph, weight="weight")
    adjacency: sparse.csr_array = nx.to_scipy_sparse_array(graph, format="csr")
    years = np.array([data["year"] for _, data in graph.nodes(data=True)])
    degree = np.array([d for _, d in graph.in_degree()])
    return {
        "density": nx.density(graph),
        "top": max(rank, key=rank.get),
        "entries": adjacency.nnz,
        "correlation": stats.spearmanr(years, degree).statistic,
        "components": nx.number_weakly_connected_components(graph),
    }


def fit_power_law(degree: np.ndarray) -> float:
    values, counts = np.unique(degree[degree > 0], return_counts=True)

    def loss(parameters):
        scale, exponent = parameters
        return np.sum((counts - scale * values ** -exponent) ** 2)

    found = optimize.minimize(loss, x0=[counts.max(), 1.0], method="Nelder-Mead")
    return float(found.x[1]) if found.success else float("nan")


if __name__ == "__main__":
    graph = citation_graph(200)
    print(summary(graph), fit_power_law(np.array([d for _, d in graph.in_degree()])))
    print(cdist(np.eye(3), np.eye(3)).max(), nx.shortest_path_length(graph.to_undirected(), 0, 150))
    nx.write_graphml(graph, "citations.graphml")
