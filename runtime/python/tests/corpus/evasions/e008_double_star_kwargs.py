# expect: py.process
# tries: the module travels in **kwargs
import os


def run(**parts):
    parts["backend"].system("echo PWNED")


run(**{"backend": os})
