"""Runs a stack machine."""

import argparse
import json
import sys
import operator

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}


class Machine:
    def __init__(self, limit):
        self.limit = limit
        self.stack = []
        self.variables = {}

    def step(self, word):
        if word in OPERATORS:
            right = self.stack.pop()
            left = self.stack.pop()
            self.stack.append(OPERATORS[word](left, right))
        elif word.startswith("!"):
            self.variables[word[1:]] = self.stack.pop()
        elif word.startswith("@"):
            self.stack.append(self.variables[word[1:]])
        else:
            self.stack.append(int(word))

    def run(self, program):
        for count, word in enumerate(program.split()):
            if count >= self.limit:
                raise ValueError("too long")
            self.step(word)
        return self.stack[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--limit", type=int, default=1000)
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(Machine(args.limit).run(item["program"]))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
