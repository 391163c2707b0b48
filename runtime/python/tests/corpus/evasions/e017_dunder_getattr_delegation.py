# expect: py.dynamic-attribute, py.process
# tries: __getattr__ forwards every name to a module
import os


class Proxy:
    def __getattr__(self, name):
        return getattr(os, name)


Proxy().system("echo PWNED")
