# expect: py.introspection, py.gadget, py.dynamic-attribute, py.namespace
# tries: update_wrapper copies __globals__ under its own name into a plain object
import functools


class Box:
    pass


def helper():
    pass


functools.update_wrapper(Box, helper, assigned=("__globals__",), updated=())
vars(Box)["__globals__"]["__builtins__"].eval("print('PWNED')")
