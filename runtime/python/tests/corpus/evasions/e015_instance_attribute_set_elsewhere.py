# expect: py.process
# tries: one method stores the module, another uses it
import os


class Agent:
    def __init__(self):
        self.backend = None

    def connect(self):
        self.backend = os
        return self

    def go(self):
        return self.backend.system("echo PWNED")


Agent().connect().go()
