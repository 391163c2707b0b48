# expect: py.search-path
# tries: one of two
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
sys.path.append(__file__ if len(folder) < 2 else folder)
import tabulate
