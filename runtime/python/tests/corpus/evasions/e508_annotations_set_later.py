# expect: py.code-execution, py.gadget
# tries: singledispatch evaluates a text put into __annotations__
import functools


@functools.singledispatch
def run(value):
    pass


def other(value):
    pass


other.__annotations__["value"] = "print('PWNED') or int"
run.register(other)
