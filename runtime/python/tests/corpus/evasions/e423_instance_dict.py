# expect: py.process
# tries: an instance's __dict__ is an ordinary dict
import os


class Agent:
    def __init__(self):
        self.__dict__["backend"] = os


Agent().backend.system("echo PWNED")
