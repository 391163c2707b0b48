# expect: py.namespace, py.process
# tries: the table of modules by from-import
from sys import modules as loaded

loaded.get("posix").system("echo PWNED")
