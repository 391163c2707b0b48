# expect: py.search-path
# tries: map calls the method
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
list(map(sys.path.append, [folder]))
import tabulate
