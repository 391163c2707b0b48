"""Finds shortest paths."""

import argparse
import json
import sys
import heapq

def neighbours(graph, node):
    for edge in graph["edges"]:
        if edge["from"] == node:
            yield edge["to"], edge["cost"]


def shortest(graph, start, goal):
    queue = [(0, start, ())]
    visited = set()
    while queue:
        cost, node, path = heapq.heappop(queue)
        if node in visited:
            continue
        visited.add(node)
        if node == goal:
            return {"cost": cost, "path": list(path) + [node]}
        for other, weight in neighbours(graph, node):
            heapq.heappush(queue, (cost + weight, other, path + (node,)))
    raise ValueError("no path")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--goal", default="z")
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(shortest(item, item["start"], args.goal))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    with open(args.output, "w") as handle:
        json.dump(results, handle)


if __name__ == "__main__":
    main()
