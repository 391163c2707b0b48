# expect: py.process
# tries: an argument of a generic type
import os

list[os].__args__[0].system("echo PWNED")
