# expect: py.process
# tries: adding and negating
import os


class Backend:
    def __radd__(self, other):
        return self

    def __neg__(self):
        return os


(-(1 + Backend())).system("echo PWNED")
