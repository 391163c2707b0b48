# expect: py.process
# tries: a class whose base is computed
import os


class Agent(type("Base", (), {"backend": staticmethod(lambda: os)})):
    pass


Agent.backend().system("echo PWNED")
