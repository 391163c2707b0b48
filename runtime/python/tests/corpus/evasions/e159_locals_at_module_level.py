# expect: py.namespace, py.code-execution
# tries: locals() of a module are its globals
import os

locals()["os"].system("echo PWNED")
