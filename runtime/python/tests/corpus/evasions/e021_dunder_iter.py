# expect: py.process
# tries: iterating hands out the module
import os


class Backends:
    def __iter__(self):
        yield os


for backend in Backends():
    backend.system("echo PWNED")
