# innocent: unified diffs, read and applied
import difflib
import io
import re
import sys
from pathlib import Path

HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class PatchError(Exception):
    """The patch doesn't fit."""


def apply_patch(source: str, patch: str) -> str:
    old, new, at = source.splitlines(keepends=True), [], 0
    for line in patch.splitlines(keepends=True):
        if line.startswith(("---", "+++")):
            continue
        if match := HUNK.match(line):
            start = max(int(match.group(1)) - 1, 0)
            new += old[at:start]
            at = start
        elif line[0] == "+":
            new.append(line[1:])
        elif line[0] in " -":
            if at >= len(old) or old[at] != line[1:]:
                raise PatchError(f"line {at + 1} is {old[at:at + 1]!r}, the patch wants {line[1:]!r}")
            if line[0] == " ":
                new.append(old[at])
            at += 1
    return "".join(new + old[at:])


def search_replace(text: str, block: str) -> str:
    find, _, replacement = block.partition("\n=======\n")
    if text.count(find) != 1:
        near = difflib.get_close_matches(find, text.split("\n"), n=1)
        raise PatchError(f"found {text.count(find)} times; near: {near}")
    return text.replace(find, replacement, 1)


before = "def f():\n    return eval('1')\n\n\nprint(f())\n"
after = before.replace("eval('1')", "1")
patch = "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a.py", "b.py"))
assert apply_patch(before, patch) == after
print(search_replace(after, "return 1\n=======\nreturn 2").count("2"), file=sys.stderr)
print(round(difflib.SequenceMatcher(None, before, after).ratio(), 2), Path("a.py").with_suffix(".pyi"), io.SEEK_END)
