# expect: py.introspection, py.dynamic-attribute
# tries: the name of an attribute comes from a class body
import functools
import os


class Name:
    def __set_name__(self, owner, name):
        self.name = name


name = Name()


class Names:
    __globals__ = name


def run():
    pass


space = getattr(functools.partial(run).func, name.name)
space.get("os").system("echo PWNED")
