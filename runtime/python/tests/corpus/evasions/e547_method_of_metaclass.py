# expect: py.namespace, py.dynamic-attribute
# tries: a method of a metaclass called on the class
import os


class Meta(type):
    def get(cls, other):
        return other.__dict__


class Reader(metaclass=Meta):
    pass


Reader.get(os)["system"]("echo PWNED")
