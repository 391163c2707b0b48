# expect: py.process
# tries: the class body's names come from a metaclass's mapping
import os


class Names(dict):
    def __missing__(self, key):
        if key == "backend":
            return os
        raise KeyError(key)


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return Names()

    def __new__(mcs, name, bases, namespace):
        return super().__new__(mcs, name, bases, dict(namespace))


class Body(metaclass=Meta):
    backend.system("echo PWNED")
