# expect: py.search-path
# tries: the method that adds to sys.path is called under another name
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
add = sys.path.append
add(folder)
import tabulate
