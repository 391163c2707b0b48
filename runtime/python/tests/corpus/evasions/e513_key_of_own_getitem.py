# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is the key of an own __getitem__
import os


class Reader:
    def __getitem__(self, other):
        return other.__dict__


Reader()[os]["system"]("echo PWNED")
