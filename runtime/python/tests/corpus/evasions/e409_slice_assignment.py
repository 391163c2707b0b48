# expect: py.process
# tries: a slice is replaced
import os

backends = [1, 2, 3]
backends[1:2] = [os]
backends[1].system("echo PWNED")
