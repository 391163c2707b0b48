# expect: py.namespace, py.dynamic-attribute
# tries: sorted compares, an own __lt__ gets the other
import os


class Reader:
    def __lt__(self, other):
        other.__dict__["system"]("echo PWNED")
        return True


min(os, Reader())
