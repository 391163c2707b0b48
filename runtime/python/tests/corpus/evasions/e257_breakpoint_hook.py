# expect: py.gadget, py.code-execution
# tries: breakpoint() imports and calls what a variable of the environment names
import os

os.environ["PYTHONBREAKPOINT"] = "os.system"
breakpoint("echo PWNED")
