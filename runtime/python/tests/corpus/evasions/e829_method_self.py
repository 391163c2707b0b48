# expect: py.process, py.introspection
# tries: the object of a bound method
import os

[os].append.__self__[0].system("echo PWNED")
