# expect: py.process
# tries: operator.setitem fills a dictionary
import operator
import os

table = {}
operator.setitem(table, "a", os)
table["a"].system("echo PWNED")
