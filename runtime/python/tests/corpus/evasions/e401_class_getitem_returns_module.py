# expect: py.process
# tries: subscripting the class
import os


class Backend:
    def __class_getitem__(cls, key):
        return os


Backend["x"].system("echo PWNED")
