# innocent: command line whose arguments become a dict
from __future__ import annotations

import argparse
import json
import os
import sys


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="score", description=__doc__)
    parser.add_argument("files", nargs="*", type=argparse.FileType("r"), default=[sys.stdin])
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--ratio", type=float, default=0.5)
    parser.add_argument("--format", choices=["text", "json", "eval"], default="text")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    commands = parser.add_argument_group("input and output")
    commands.add_argument("--output", type=os.path.abspath)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    settings = vars(args).copy()
    settings.pop("files")
    if getattr(args, "verbose", False):
        print(json.dumps(settings, indent=2, sort_keys=True), file=sys.stderr)
    lines = 0
    for file in args.files:
        with file:
            lines += sum(1 for line in file if line.strip())
    for key, value in vars(args).items():
        if value is None:
            print(f"{key} is not set", file=sys.stderr)
    print(min(lines, args.limit))
    return 0


if __name__ == "__main__":
    sys.exit(main([os.devnull] if len(sys.argv) < 2 else sys.argv[1:]))
