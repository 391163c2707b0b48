# expect: py.process
# tries: an alternative constructor fills the instance
import os


class Agent:
    @classmethod
    def create(cls, backend):
        agent = cls()
        agent.backend = backend
        return agent


Agent.create(os).backend.system("echo PWNED")
