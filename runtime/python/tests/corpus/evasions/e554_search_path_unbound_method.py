# expect: py.search-path
# tries: list.insert(sys.path, ...)
import os
import sys
import tempfile

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "colorsys.py"), "w") as file:
    file.write("print('PWNED')")
list.insert(sys.path, 0, folder)
import colorsys
