# expect: py.process, py.dynamic-attribute
# tries: str.split and an index
import os

getattr(os, "read write system close".split()[2])("echo PWNED")
