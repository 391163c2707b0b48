# expect: py.process, py.dynamic-attribute
# tries: a copy of a list is changed
import os

names = ["path"]
other = names[:]
other[0] = "system"
getattr(os, other[0])("echo PWNED")
