# expect: py.process
# tries: the module is sent into a generator
import os


def worker():
    backend = yield
    backend.system("echo PWNED")
    yield


gen = worker()
next(gen)
gen.send(os)
