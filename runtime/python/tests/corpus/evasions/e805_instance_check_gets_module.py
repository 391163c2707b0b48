# expect: py.process
# tries: isinstance hands a module to a class
import os


class Meta(type):
    def __instancecheck__(cls, tool):
        tool.system("echo PWNED")
        return True


class Any(metaclass=Meta):
    pass


isinstance(os, (int, Any))
