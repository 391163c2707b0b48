# innocent: written on Windows, with CRLF line endings
"""Counts words.

exec("this is a docstring")
"""
import re
import sys
from collections import Counter

TEXT = """first line
second line \
still second, eval(it)
"""


def words(text):
    # A comment: eval(text)
    for match in re.finditer(r"\w+", text):
        yield match.group().lower()


def table(counts,
          width=10):
    return "\r\n".join(
        f"{word:<{width}}{n}"
        for word, n in sorted(counts.items(),
                              key=lambda item: (-item[1], item[0]))
    )


if __name__ == "__main__":
    total = 1 + \
        2
    print(table(Counter(words(TEXT))), total, file=sys.stdout)
