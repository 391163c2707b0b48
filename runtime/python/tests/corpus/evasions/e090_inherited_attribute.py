# expect: py.process
# tries: the module is an attribute of a base class's base
import os


class Base:
    backend = os


class Middle(Base):
    pass


class Agent(Middle):
    def go(self):
        return super().backend.system("echo PWNED")


Agent().go()
