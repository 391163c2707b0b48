# expect: py.gadget, py.process, py.code-execution
# tries: the same by sys
import os
import sys

os.putenv("X", "1")
os.environ.update(PYTHONBREAKPOINT="os.system")
sys.breakpointhook("echo PWNED")
