# expect: py.star-import, py.process
# tries: all names of os
from os import *

system("echo PWNED")
