# expect: py.namespace, py.dynamic-attribute
# tries: a plain function becomes a method: its second parameter is the argument
import os


def read(self, other):
    return other.__dict__


class Reader:
    get = read


Reader().get(os)["system"]("echo PWNED")
