# expect: py.process
# tries: the mapping that __prepare__ gives is filled by the class body itself
import os

names = {}


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return names

    def __new__(mcs, name, bases, namespace):
        return super().__new__(mcs, name, bases, dict(namespace))


class Body(metaclass=Meta):
    names["tool"] = os
    tool.system("echo PWNED")
