# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is the argument of __class_getitem__
import os


class Reader:
    def __class_getitem__(cls, other):
        return other.__dict__


Reader[os]["system"]("echo PWNED")
