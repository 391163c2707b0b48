# expect: py.namespace, py.dynamic-attribute, py.process
# tries: the operand of an own operator
import os


class Reader:
    def __add__(self, other):
        return other.__dict__


(Reader() + os)["system"]("echo PWNED")
