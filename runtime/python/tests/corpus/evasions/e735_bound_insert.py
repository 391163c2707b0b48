# expect: py.process, py.dynamic-attribute
# tries: a list is changed by its method under another name
import os

names = ["path"]
put = names.insert
put(0, "system")
getattr(os, names[0])("echo PWNED")
