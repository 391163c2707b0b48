# expect: py.process
# tries: __new__ may return anything
import os


class Backend:
    def __new__(cls):
        return os


Backend().system("echo PWNED")
