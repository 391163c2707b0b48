# expect: py.introspection, py.dynamic-attribute
# tries: a name that is asked for becomes a forbidden one with something behind it
import functools
import os


class Ask:
    def __getattr__(self, name):
        return getattr(functools.partial(run).func, name + "__")


def run():
    pass


space = Ask().__globals
space.get("os").system("echo PWNED")
