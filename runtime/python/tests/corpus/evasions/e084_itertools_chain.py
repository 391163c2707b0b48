# expect: py.process, py.dynamic-attribute, py.namespace
# tries: an iterator tool hands out the module
import itertools
import os

for backend in itertools.chain([], [os]):
    backend.system("echo PWNED")
