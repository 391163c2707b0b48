# expect: py.search-path
# tries: a function of operator changes sys.path
import operator
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
operator.iconcat(sys.path, [folder])
import tabulate
