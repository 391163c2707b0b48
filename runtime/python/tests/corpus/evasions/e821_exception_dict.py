# expect: py.process
# tries: an exception's state is set
import os

error = Exception()
error.__setstate__({"tool": os})
error.tool.system("echo PWNED")
