# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is assigned to an object with __setattr__
import os


class Owner:
    def __setattr__(self, name, other):
        other.__dict__["system"]("echo PWNED")


Owner().field = os
