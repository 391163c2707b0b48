# expect: py.process
# tries: a free variable of an inner function
import os


def make(backend):
    def inner(command):
        return backend.system(command)

    return inner


make(os)("echo PWNED")
