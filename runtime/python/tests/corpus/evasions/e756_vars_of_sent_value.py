# expect: py.namespace, py.process
# tries: the table of a module that was sent into a generator
import os


def run():
    tool = yield
    vars(tool)["system"]("echo PWNED")
    yield


generator = run()
next(generator)
generator.send(os)
