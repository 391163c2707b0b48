# expect: py.namespace, py.dynamic-attribute
# tries: __rmod__ of an own object gets the module
import os


class Reader:
    def __rmod__(self, other):
        return other.__dict__["system"]("echo PWNED")


os % Reader()
