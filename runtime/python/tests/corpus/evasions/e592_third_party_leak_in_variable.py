# expect: py.process
# tries: a submodule in a variable forgets what it leaks
import requests

compat = requests.sessions
compat.os.system("echo PWNED")
