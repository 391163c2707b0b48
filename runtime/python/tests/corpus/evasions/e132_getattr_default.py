# expect: py.process, py.dynamic-attribute
# tries: getattr's default is what is used
import os

getattr(os, "no_such_name", os.system)("echo PWNED")
