# expect: py.search-path
# tries: sys.path and its method by name
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
getattr(getattr(sys, "path"), "append")(folder)
import tabulate
