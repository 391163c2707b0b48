# expect: py.process
# tries: a field of a named tuple
import collections
import os

Tools = collections.namedtuple("Tools", "name backend")
Tools("x", os).backend.system("echo PWNED")
