# expect: py.process
# tries: attributes from keyword arguments
import os


class Agent:
    def __init__(self, **settings):
        for name, value in settings.items():
            setattr(self, name, value)


Agent(backend=os).backend.system("echo PWNED")
