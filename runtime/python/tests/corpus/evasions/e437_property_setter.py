# expect: py.process
# tries: a property's setter stores under another name
import os


class Agent:
    @property
    def backend(self):
        return self._hidden

    @backend.setter
    def backend(self, value):
        self._hidden = value


agent = Agent()
agent.backend = os
agent._hidden.system("echo PWNED")
