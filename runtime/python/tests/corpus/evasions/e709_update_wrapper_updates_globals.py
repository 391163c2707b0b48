# expect: py.process, py.namespace, py.gadget, py.dynamic-attribute, py.introspection
# tries: update_wrapper puts names into a function's globals
import functools
import os


class Source:
    __globals__ = {"print": os}


def run():
    print.system("echo PWNED")


functools.update_wrapper(run, Source, assigned=(), updated=("__globals__",))
run()
