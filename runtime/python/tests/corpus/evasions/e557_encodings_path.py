# expect: py.search-path, py.import
# tries: locale leaks encodings, whose __path__ decides where codecs come from
import codecs
import locale
import os
import tempfile

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "evil.py"), "w") as file:
    file.write("print('PWNED')")
locale.encodings.__path__.append(folder)
try:
    codecs.lookup("evil")
except LookupError:
    pass
