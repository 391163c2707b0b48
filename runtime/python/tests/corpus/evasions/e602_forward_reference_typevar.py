# expect: py.code-execution, py.gadget
# tries: get_type_hints by singledispatch of a NamedTuple written as text
import functools
import typing

Thing = typing.List["print('PWNED') or int"]


@functools.singledispatch
def run(value):
    pass


def other(value):
    pass


other.__annotations__ = {"value": Thing}
try:
    run.register(other)
except TypeError:
    pass
