# expect: py.process
# tries: a partial method binds the module
import functools
import os


class Agent:
    def _run(self, backend, command):
        return backend.system(command)

    run = functools.partialmethod(_run, os)


Agent().run("echo PWNED")
