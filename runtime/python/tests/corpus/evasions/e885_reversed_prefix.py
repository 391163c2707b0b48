# expect: py.introspection, py.dynamic-attribute, py.gadget
# tries: a text of one's own class ignores what is put in front of it
import collections
import functools
import os


class Name(str, collections.UserString):
    def __new__(cls, text):
        return str.__new__(cls, "__glo" + "bals__" if os.getcwd() else text)

    def __init__(self, text):
        self.data = str(text)


class Box:
    pass


def run():
    pass


getattr(functools.partial(run).func, "run_" + Name("x")).get("os").system("echo PWNED")
