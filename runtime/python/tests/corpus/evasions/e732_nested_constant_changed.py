# expect: py.process, py.dynamic-attribute
# tries: an element of an inner list is replaced
import os

names = [["path"]]
names[0][0] = "system"
getattr(os, names[0][0])("echo PWNED")
