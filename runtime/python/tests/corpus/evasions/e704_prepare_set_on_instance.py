# expect: py.process
# tries: the metaclass is an object whose __prepare__ is an attribute
import os


class Maker:
    def __call__(self, name, bases, namespace):
        return type(name, bases, dict(namespace))


maker = Maker()
maker.__prepare__ = lambda name, bases: {"print": os}


class Body(metaclass=maker):
    print.system("echo PWNED")
