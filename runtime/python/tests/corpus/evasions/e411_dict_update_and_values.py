# expect: py.process
# tries: update and values
import os

table = {}
table.update(x=os)
for backend in table.values():
    backend.system("echo PWNED")
