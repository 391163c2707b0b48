# expect: py.namespace, py.process
# tries: the modules that are loaded already
import sys

sys.modules["os"].system("echo PWNED")
