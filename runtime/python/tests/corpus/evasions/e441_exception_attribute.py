# expect: py.process
# tries: an exception class of our own carries the module
import os


class Failed(Exception):
    def __init__(self, backend):
        super().__init__("failed")
        self.backend = backend


try:
    raise Failed(os)
except Failed as error:
    error.backend.system("echo PWNED")
