# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is the argument of an own __call__
import os


class Reader:
    def __call__(self, other):
        return other.__dict__


Reader()(os)["system"]("echo PWNED")
