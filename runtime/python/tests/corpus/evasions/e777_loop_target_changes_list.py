# expect: py.process, py.dynamic-attribute
# tries: the target of a loop in a comprehension is an element
import os

names = ["path"]
[None for names[0] in ["system"]]
getattr(os, names[0])("echo PWNED")
