# expect: py.process, py.dynamic-attribute
# tries: a function from outside changes a list in a list
import os

names = ["path", "system"]
list(map(list.reverse, [names]))
getattr(os, names[0])("echo PWNED")
