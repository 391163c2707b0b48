# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is compared
import os


class Reader:
    def __eq__(self, other):
        other.__dict__["system"]("echo PWNED")
        return True


Reader() == os
