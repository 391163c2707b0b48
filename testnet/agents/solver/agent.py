"""Fixes failing tests by trying small edits and keeping the first one that helps."""

import argparse
import ast
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Edit:
    """One replacement in one line."""

    line: int
    old: str
    new: str

    def apply(self, lines: list[str]) -> list[str]:
        changed = list(lines)
        changed[self.line] = changed[self.line].replace(self.old, self.new, 1)
        return changed


SWAPS = (("<=", "<"), (">=", ">"), ("==", "!="), ("+ 1", "- 1"), ("and", "or"))


def candidates(lines: list[str], suspects: Counter) -> list[Edit]:
    """Edits of suspicious lines first."""
    edits = []
    for number, _ in suspects.most_common():
        for old, new in SWAPS:
            if re.search(re.escape(old), lines[number]):
                edits.append(Edit(number, old, new))
    return edits


def still_parses(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", required=True)
    task = json.loads(parser.parse_args().task)
    lines = task["source"].splitlines()
    suspects = Counter(task["suspects"])
    plans = [edit for edit in candidates(lines, suspects) if still_parses(edit.apply(lines))]
    print(json.dumps([asdict(edit) for edit in plans]))


if __name__ == "__main__":
    main()
