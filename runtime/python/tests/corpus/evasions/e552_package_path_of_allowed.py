# expect: py.search-path
# tries: the __path__ of an allowed package
import json
import os
import tempfile

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "extra.py"), "w") as file:
    file.write("print('PWNED')")
json.__path__.append(folder)
import json.extra
