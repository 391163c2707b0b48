# expect: py.code-execution, py.gadget
# tries: singledispatch evaluates string annotations
import functools


@functools.singledispatch
def run(value):
    pass


@run.register
def _(value: "print('PWNED') or int"):
    pass
