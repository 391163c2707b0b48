# expect: py.process, py.dynamic-attribute, py.namespace
# tries: the key of a group
import itertools
import os

for key, group in itertools.groupby([os]):
    key.system("echo PWNED")
