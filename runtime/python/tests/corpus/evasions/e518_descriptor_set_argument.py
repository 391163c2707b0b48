# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is assigned to a descriptor
import os


class Reader:
    def __set__(self, instance, other):
        other.__dict__["system"]("echo PWNED")


class Owner:
    field = Reader()


Owner().field = os
