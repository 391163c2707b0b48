# expect: py.process
# tries: the attribute is set under its mangled name outside of the class
import os


class Agent:
    __backend = None

    def go(self):
        return self.__backend.system("echo PWNED")


agent = Agent()
agent._Agent__backend = os
agent.go()
