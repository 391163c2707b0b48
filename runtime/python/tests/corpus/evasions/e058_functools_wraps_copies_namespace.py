# expect: py.namespace, py.gadget, py.dynamic-attribute, py.process
# tries: wraps() copies the __dict__ of whatever is wrapped, here a module
import functools
import os


@functools.wraps(os)
def tools():
    pass


tools.system("echo PWNED")
