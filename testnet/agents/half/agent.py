"""Knows one trick: off-by-one errors."""

import json
import sys


def shift(line: str) -> str:
    return line.replace("range(1,", "range(0,").replace("- 1]", "]")


def main() -> None:
    source = json.load(sys.stdin)["source"]
    print("\n".join(shift(line) for line in source.splitlines()))


if __name__ == "__main__":
    main()
