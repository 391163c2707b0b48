# expect: py.namespace, py.import
# tries: os imports sys, and sys knows all modules
import os

os.sys.modules["posix"].system("echo PWNED")
