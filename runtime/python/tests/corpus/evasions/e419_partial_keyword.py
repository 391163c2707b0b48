# expect: py.process
# tries: a partial call binds the module to a keyword
import functools
import os


def run(command, *, backend):
    return backend.system(command)


functools.partial(run, backend=os)("echo PWNED")
