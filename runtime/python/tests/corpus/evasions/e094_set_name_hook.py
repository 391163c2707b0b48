# expect: py.process
# tries: the class body calls __set_name__ with the class
import os


class Hook:
    def __set_name__(self, owner, name):
        owner.backend.system("echo PWNED")


class Agent:
    backend = os
    hook = Hook()
