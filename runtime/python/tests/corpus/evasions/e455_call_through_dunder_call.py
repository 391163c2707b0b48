# expect: py.process
# tries: __call__ of a bound function
import os

os.system.__call__("echo PWNED")
