# expect: py.introspection, py.dynamic-attribute
# tries: the field of a data class that is made by a call
import dataclasses
import functools
import os

Names = dataclasses.make_dataclass("Names", [("__globals__", int)])


def run():
    pass


for field in dataclasses.fields(Names):
    space = getattr(functools.partial(run).func, field.name)
    space.get("os").system("echo PWNED")
