# expect: py.process
# tries: a descriptor hands out the module
import os


class Lazy:
    def __get__(self, instance, owner):
        return os


class Agent:
    backend = Lazy()


Agent.backend.system("echo PWNED")
