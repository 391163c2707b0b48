# expect: py.import, py.namespace, py.search-path
# tries: a relative import from a package of another name
__package__ = "os"
from . import system

system("echo PWNED")
