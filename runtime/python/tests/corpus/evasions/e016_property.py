# expect: py.process
# tries: a property hands out the module
import os


class Agent:
    @property
    def backend(self):
        return os


Agent().backend.system("echo PWNED")
