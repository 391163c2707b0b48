# expect: py.process
# tries: vars() of an instance
import os


class Agent:
    def __init__(self, **settings):
        vars(self).update(settings)


Agent(backend=os).backend.system("echo PWNED")
