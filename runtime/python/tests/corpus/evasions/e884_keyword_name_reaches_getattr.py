# expect: py.introspection, py.dynamic-attribute
# tries: the name of a keyword argument
import functools
import os


def run(**names):
    for name in names:
        getattr(functools.partial(run).func, name).get("os").system("echo PWNED")


run(__globals__=1)
