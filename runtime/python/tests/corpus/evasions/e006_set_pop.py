# expect: py.process
# tries: a set's only element is a module
import os

{os}.pop().system("echo PWNED")
