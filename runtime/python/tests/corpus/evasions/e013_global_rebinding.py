# expect: py.process
# tries: a function replaces a global that looked harmless
import json as backend
import os


def swap():
    global backend
    backend = os


swap()
backend.system("echo PWNED")
