# expect: py.introspection, py.dynamic-attribute
# tries: all members of a module by name
import inspect
import os

dict(inspect.getmembers(os))["system"]("echo PWNED")
