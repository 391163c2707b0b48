# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is what `in` looks for
import os


class Reader:
    def __contains__(self, other):
        other.__dict__["system"]("echo PWNED")
        return True


os in Reader()
