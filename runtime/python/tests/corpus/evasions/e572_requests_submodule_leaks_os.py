# expect: py.process
# tries: a submodule imported by name forgets what it leaks
from requests import utils

utils.os.system("echo PWNED")
