"""Solves linear systems."""

import argparse
import json
import sys
from fractions import Fraction

def pivot_row(rows, column):
    for index in range(column, len(rows)):
        if rows[index][column]:
            return index
    raise ValueError("singular")


def solve(matrix, vector):
    size = len(matrix)
    rows = [[Fraction(x) for x in row] + [Fraction(y)] for row, y in zip(matrix, vector)]
    for column in range(size):
        at = pivot_row(rows, column)
        rows[column], rows[at] = rows[at], rows[column]
        factor = rows[column][column]
        rows[column] = [x / factor for x in rows[column]]
        for index in range(size):
            if index != column:
                scale = rows[index][column]
                rows[index] = [x - scale * y for x, y in zip(rows[index], rows[column])]
    return [str(row[-1]) for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--exact", action="store_true")
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(solve(item["matrix"], item["vector"]))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
