# expect: py.search-path, py.dynamic-import, py.gadget, py.namespace, py.import
# tries: a module is written, and its folder is put in front of the search path
import os
import sys
import tempfile

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "tabulate.py"), "w") as file:
    file.write("print('PWNED')")
sys.path.insert(0, folder)
import tabulate
