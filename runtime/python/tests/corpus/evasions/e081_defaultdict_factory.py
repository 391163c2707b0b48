# expect: py.process
# tries: the default factory hands out the module
import collections
import os

collections.defaultdict(lambda: os)["x"].system("echo PWNED")
