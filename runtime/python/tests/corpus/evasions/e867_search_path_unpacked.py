# expect: py.search-path
# tries: several targets at once
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
sys.path[0], rest = folder, 1
import tabulate
