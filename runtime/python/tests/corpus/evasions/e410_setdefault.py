# expect: py.process
# tries: setdefault stores and returns
import os

table = {}
table.setdefault("x", []).append(os)
table["x"][0].system("echo PWNED")
