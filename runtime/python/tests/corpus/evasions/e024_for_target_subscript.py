# expect: py.process
# tries: the loop target is an element of a dict
import os

table = {}
for table["run"] in [os]:
    pass
table["run"].system("echo PWNED")
