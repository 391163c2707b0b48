# expect: py.process
# tries: map with a lambda
import os

list(map(lambda backend: backend.system("echo PWNED"), (os,)))
