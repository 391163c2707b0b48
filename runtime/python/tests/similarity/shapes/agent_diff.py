"""Measures edit distances."""

import argparse
import json
import sys
from functools import lru_cache

def distance(first, second, cost):
    @lru_cache(maxsize=None)
    def between(i, j):
        if i == 0 or j == 0:
            return i + j
        if first[i - 1] == second[j - 1]:
            return between(i - 1, j - 1)
        return cost + min(between(i - 1, j), between(i, j - 1), between(i - 1, j - 1))

    return between(len(first), len(second))


def similarity(first, second, cost):
    longest = max(len(first), len(second), 1)
    return round(1 - distance(first, second, cost) / longest, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--cost", type=int, default=1)
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(similarity(item["a"], item["b"], args.cost))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    with open(args.output, "w") as handle:
        json.dump(results, handle)


if __name__ == "__main__":
    main()
