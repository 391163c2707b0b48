# expect: py.process
# tries: subscripting hands out the module
import os


class Registry:
    def __getitem__(self, key):
        return os


Registry()["anything"].system("echo PWNED")
