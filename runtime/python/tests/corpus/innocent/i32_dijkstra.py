# innocent: shortest paths, components and an order of tasks
import heapq
import math
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter


class Graph:
    def __init__(self, edges=()):
        self.edges = defaultdict(dict)
        for a, b, weight in edges:
            self.edges[a][b] = self.edges[b][a] = weight

    def shortest(self, start, goal):
        distance, before = {start: 0}, {}
        heap = [(0, start)]
        while heap:
            so_far, node = heapq.heappop(heap)
            if node == goal:
                path = [node]
                while node in before:
                    node = before[node]
                    path.append(node)
                return so_far, path[::-1]
            if so_far > distance.get(node, math.inf):
                continue
            for other, weight in self.edges[node].items():
                candidate = so_far + weight
                if candidate < distance.get(other, math.inf):
                    distance[other], before[other] = candidate, node
                    heapq.heappush(heap, (candidate, other))
        return math.inf, []

    def components(self):
        left = set(self.edges)
        while left:
            stack, seen = [left.pop()], set()
            while stack:
                node = stack.pop()
                seen.add(node)
                stack += self.edges[node].keys() - seen
            left -= seen
            yield sorted(seen)


graph = Graph([("a", "b", 7), ("a", "c", 3), ("c", "b", 1), ("x", "y", 2)])
print(graph.shortest("a", "b"), sorted(graph.components()))
try:
    print(list(TopologicalSorter({"d": {"b", "c"}, "b": {"a"}, "c": {"a"}}).static_order())[0])
    TopologicalSorter({1: [2], 2: [1]}).prepare()
except CycleError as error:
    print(error.args[0])
