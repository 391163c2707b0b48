# expect: py.namespace
# tries: the modules table through a third-party sys in a variable
from requests import compat

compat.sys.modules["os"].system("echo PWNED")
