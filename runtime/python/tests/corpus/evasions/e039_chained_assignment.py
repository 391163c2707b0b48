# expect: py.process
# tries: one of several targets
import os

a = b, *c = [1, os]
c[0].system("echo PWNED")
