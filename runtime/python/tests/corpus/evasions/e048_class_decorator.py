# expect: py.process
# tries: a class decorator is a call
import os


@lambda cls: os.system(cls.command)
class Anything:
    command = "echo PWNED"
