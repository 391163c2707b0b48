# expect: py.namespace, py.dynamic-attribute
# tries: a module is a missing key
import os


class Reader(dict):
    def __missing__(self, other):
        other.__dict__["system"]("echo PWNED")


Reader()[os]
