# expect: py.gadget, py.namespace, py.dynamic-attribute
# tries: a descriptor in the class of the module
import os
import types


class Reader:
    def __get__(self, instance, owner):
        return instance.__dict__["system"]


class Module(types.ModuleType):
    reader = Reader()


os.__class__ = Module
os.reader("echo PWNED")
