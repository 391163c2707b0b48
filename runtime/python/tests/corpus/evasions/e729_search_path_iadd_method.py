# expect: py.search-path
# tries: the operator's method is called by its name
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
sys.path.__iadd__([folder])
import tabulate
