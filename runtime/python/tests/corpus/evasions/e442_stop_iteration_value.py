# expect: py.process
# tries: a generator's return value by the exception
import os


def gen():
    return os
    yield


try:
    next(gen())
except StopIteration as stop:
    stop.value.system("echo PWNED")
