# expect: py.process
# tries: a cached property hands out the module
import functools
import os


class Agent:
    @functools.cached_property
    def backend(self):
        return os


Agent().backend.system("echo PWNED")
