# expect: py.search-path
# tries: a slice of sys.path is assigned
import os
import sys
import tempfile

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "colorsys.py"), "w") as file:
    file.write("print('PWNED')")
sys.path[:0] = [folder]
import colorsys
