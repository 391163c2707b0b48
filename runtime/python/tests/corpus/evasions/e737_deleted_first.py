# expect: py.process, py.dynamic-attribute
# tries: the first element is deleted
import os

names = ["path", "system"]
del names[0]
getattr(os, names[0])("echo PWNED")
