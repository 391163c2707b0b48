# expect: py.namespace, py.dynamic-attribute
# tries: __new__ of a base keeps what __init__ ignores
import collections
import os


class Pair(collections.namedtuple("Pair", "module")):
    def __init__(self, *args):
        pass


Pair(os).module.__dict__["system"]("echo PWNED")
