# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is assigned to an element
import os


class Owner:
    def __setitem__(self, name, other):
        other.__dict__["system"]("echo PWNED")


Owner()[0] = os
