# expect: py.process
# tries: sys.exit is an exception like others
import os
import sys

try:
    sys.exit(0)
except SystemExit:
    os.system("echo PWNED")
