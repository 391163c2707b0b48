# expect: py.process
# tries: the default of a named tuple's field
import collections
import os

Box = collections.namedtuple("Box", "tool", defaults=[os])
Box().tool.system("echo PWNED")
