# expect: py.process
# tries: __getattribute__ answers every access
import os


class Agent:
    def __getattribute__(self, name):
        return os


Agent().anything.system("echo PWNED")
