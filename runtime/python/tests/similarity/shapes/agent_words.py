"""Counts words."""

import argparse
import json
import sys
import re
from collections import Counter

STOP = {"the", "a", "of"}


def tokens(text):
    return [word for word in re.findall(r"[a-z]+", text.lower()) if word not in STOP]


def rank(text, top):
    counts = Counter(tokens(text))
    total = sum(counts.values())
    return {word: count / total for word, count in counts.most_common(top)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--top", type=int, default=10)
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(rank(item["text"], args.top))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    with open(args.output, "w") as handle:
        json.dump(results, handle)


if __name__ == "__main__":
    main()
