# expect: py.search-path, py.namespace, py.import
# tries: a module that has a __path__ is a package
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "evil.py").write_text("print('PWNED')")
__path__ = [folder]
__package__ = __name__
from .evil import *
