# expect: py.process
# tries: append, insert and extend in a helper
import os

backends = []


def fill(target):
    target.append(1)
    target.extend([os])


fill(backends)
backends.pop().system("echo PWNED")
