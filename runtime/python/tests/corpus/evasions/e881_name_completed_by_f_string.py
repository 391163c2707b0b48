# expect: py.introspection, py.dynamic-attribute
# tries: a name of a class body becomes a forbidden one with a letter before it
import functools
import os


class Name:
    def __set_name__(self, owner, name):
        self.name = f"_{name}"


name = Name()


class Names:
    _globals__ = name


def run():
    pass


space = getattr(functools.partial(run).func, name.name)
space.get("os").system("echo PWNED")
