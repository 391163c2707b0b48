# expect: py.namespace, py.dynamic-attribute
# tries: a subclass of tuple whose __init__ does nothing
import os


class Pair(tuple):
    def __init__(self, items):
        pass


Pair([os])[0].__dict__["system"]("echo PWNED")
