# expect: py.search-path
# tries: sys.path is changed by a function of the program's own
import pathlib
import sys
import tempfile


def add(line, item):
    line.append(item)


folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
add(sys.path, folder)
import tabulate
