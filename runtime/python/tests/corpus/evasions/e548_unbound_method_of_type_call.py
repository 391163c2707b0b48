# expect: py.namespace, py.dynamic-attribute
# tries: type(x).method(x, argument)
import os


class Reader:
    def get(self, other):
        return other.__dict__


reader = Reader()
type(reader).get(reader, os)["system"]("echo PWNED")
