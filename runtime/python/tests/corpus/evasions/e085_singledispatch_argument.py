# expect: py.process
# tries: a dispatched function gets the module
import functools
import os
import types


@functools.singledispatch
def run(value):
    pass


@run.register(types.ModuleType)
def _(value):
    value.system("echo PWNED")


run(os)
