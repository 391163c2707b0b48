# expect: py.process
# tries: the module is an element of a dict that two others are merged into
import os

plain = {"a": len}
extra = {"b": os}
table = {**plain, **extra}
table["b"].system("echo PWNED")
