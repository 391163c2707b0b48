# expect: py.process
# tries: a starred sequence pattern keeps the module
import os

match ["run", 1, os]:
    case ["run", *others]:
        others[-1].system("echo PWNED")
