# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a chain of mappings
from collections import ChainMap
import os

ChainMap({}, {"x": os})["x"].system("echo PWNED")
