# expect: py.introspection, py.gadget, py.dynamic-attribute, py.namespace
# tries: the names that update_wrapper copies are given by position
import functools


class Box:
    pass


def helper():
    pass


functools.update_wrapper(Box, helper, ("__globals__",), ())
vars(Box)["__globals__"]["__builtins__"].eval("print('PWNED')")
