# expect: py.dynamic-attribute, py.namespace, py.gadget
# tries: cached_property.__get__ reads any name from the __dict__ of what it is given
import functools
import os


class Look(functools.cached_property):
    pass


look = Look(len)
look.attrname = "sys" + "tem"
Look.__get__(look, os)("echo PWNED")
