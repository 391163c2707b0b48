# expect: py.process
# tries: += brings the module into a list
import os

backends = []
backends += [os]
backends[0].system("echo PWNED")
