# expect: py.process
# tries: a slice keeps a module
import os

slice(os).stop.system("echo PWNED")
