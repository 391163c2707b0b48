# expect: py.namespace, py.introspection, py.dynamic-attribute, py.gadget
# tries: a module gets a class whose methods see it as self
import os
import types


class Module(types.ModuleType):
    def get(self, name):
        return self.__dict__[name]


os.__class__ = Module
os.get("sys" + "tem")("echo PWNED")
