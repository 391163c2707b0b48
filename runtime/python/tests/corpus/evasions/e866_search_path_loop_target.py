# expect: py.search-path
# tries: a loop's target is the search path
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
for sys.path[0] in [folder]:
    pass
import tabulate
