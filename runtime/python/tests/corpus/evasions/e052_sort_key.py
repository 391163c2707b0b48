# expect: py.process
# tries: a key function gets the module from the sorting
import os

sorted([os], key=lambda backend: backend.system("echo PWNED"))
