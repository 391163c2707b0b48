# expect: py.process
# tries: the prepared mapping keeps something else than what the body assigns
import json
import os


class Names(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, os if key == "tool" else value)


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return Names()

    def __new__(mcs, name, bases, namespace):
        return super().__new__(mcs, name, bases, dict(namespace))


class Body(metaclass=Meta):
    tool = json
    tool.system("echo PWNED")
