# expect: py.process, py.dynamic-attribute
# tries: a slice of a list is deleted
import os

names = ["path", "name", "system"]
del names[:2]
getattr(os, names[0])("echo PWNED")
