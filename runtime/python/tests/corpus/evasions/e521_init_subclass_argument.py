# expect: py.namespace, py.dynamic-attribute, py.process
# tries: a module is a class keyword
import os


class Base:
    def __init_subclass__(cls, other=None):
        other.__dict__["system"]("echo PWNED")


class Child(Base, other=os):
    pass
