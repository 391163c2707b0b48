# expect: py.search-path
# tries: a function of heapq changes sys.path
import heapq
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "tabulate.py").write_text("print('PWNED')")
heapq.heappush(sys.path, folder)
import tabulate
