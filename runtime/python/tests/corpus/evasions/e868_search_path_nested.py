# expect: py.search-path
# tries: sys.path lies in a dictionary
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
table = {"a": [sys.path]}
table["a"][0].append(folder)
import tabulate
