# expect: py.process
# tries: an object gets another class
import os


class Plain:
    pass


class Loaded:
    backend = os


thing = Plain()
thing.__class__ = Loaded
thing.backend.system("echo PWNED")
