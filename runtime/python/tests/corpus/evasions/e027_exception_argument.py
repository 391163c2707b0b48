# expect: py.process
# tries: the module travels as the argument of an exception
import os

try:
    raise RuntimeError("failed", os)
except RuntimeError as error:
    error.args[1].system("echo PWNED")
