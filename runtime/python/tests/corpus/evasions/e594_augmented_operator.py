# expect: py.namespace, py.dynamic-attribute
# tries: an own __ior__
import os


class Reader:
    def __ior__(self, other):
        other.__dict__["system"]("echo PWNED")
        return self


reader = Reader()
reader |= os
