"""CPython's side of the benchmark: names the files, then parses them all once for each line it is sent.

First line out: a JSON array of the library's files that are Python 3.11 and have at most `argv[1]` bytes.
First line in: an array of those to measure. Then, for each line in, the seconds that `ast.parse` took for
all of them together.
"""

import ast
import json
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")
if sys.version_info[:2] != (3, 11):
    sys.exit(f"Python 3.11 is wanted, this is {sys.version}")

sources = {}
for folder, folders, names in os.walk(os.path.dirname(os.__file__)):
    if "site-packages" in folders:
        folders.remove("site-packages")
    for name in names:
        path = os.path.join(folder, name)
        if not name.endswith(".py") or os.path.getsize(path) > int(sys.argv[1]):
            continue
        with open(path, "rb") as file:
            source = file.read()
        try:
            source.decode()
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        sources[path] = source
print(json.dumps(sorted(sources)), flush=True)

measured = [sources[path] for path in json.loads(sys.stdin.readline())]
for _ in sys.stdin:
    began = time.perf_counter()
    for source in measured:
        ast.parse(source)
    print(time.perf_counter() - began, flush=True)
