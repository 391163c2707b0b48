# expect: py.introspection, py.process, py.namespace
# tries: __self__ of an os function is the module posix
import os

os.getcwd.__self__.system("echo PWNED")
