# expect: py.process
# tries: the module passes through yield from and its return value
import os


def inner():
    yield 1
    return os


def outer():
    backend = yield from inner()
    backend.system("echo PWNED")


list(outer())
