# expect: py.process
# tries: += may return anything
import os


class Backend:
    def __iadd__(self, other):
        return os


backend = Backend()
backend += 1
backend.system("echo PWNED")
