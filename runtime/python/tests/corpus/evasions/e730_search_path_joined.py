# expect: py.search-path
# tries: a path that begins at __file__ and leads elsewhere
import os
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
sys.path.append(os.path.join(os.path.dirname(__file__), folder))
import tabulate
