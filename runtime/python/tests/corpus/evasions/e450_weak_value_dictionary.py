# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a dictionary of weak references
import os
import weakref

table = weakref.WeakValueDictionary()
table["x"] = os
table["x"].system("echo PWNED")
