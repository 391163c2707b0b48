# expect: py.process
# tries: a private attribute read under its mangled name, which only stands in a text
import os


class Agent:
    def __init__(self):
        self.__backend = os

    def run(self):
        return getattr(self, "_Agent__backend").system("echo PWNED")


Agent().run()
