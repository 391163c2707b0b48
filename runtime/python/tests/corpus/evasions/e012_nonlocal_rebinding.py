# expect: py.process
# tries: an inner function replaces the variable of the outer one
import json
import os


def outer():
    backend = json

    def swap():
        nonlocal backend
        backend = os

    swap()
    return backend.system("echo PWNED")


outer()
