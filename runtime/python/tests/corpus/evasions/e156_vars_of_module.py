# expect: py.namespace, py.process
# tries: vars()
import os

vars(os)["system"]("echo PWNED")
