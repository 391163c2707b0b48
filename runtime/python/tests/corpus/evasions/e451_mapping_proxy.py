# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a read-only view of a dict
import os
import types

types.MappingProxyType({"x": os})["x"].system("echo PWNED")
