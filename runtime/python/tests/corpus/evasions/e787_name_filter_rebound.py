# expect: py.dynamic-attribute, py.process
# tries: the name changes after it was looked at
import os


def run(module):
    for name in dir(module):
        if name.startswith("sep"):
            name = "system"
            getattr(module, name)("echo PWNED")


run(os)
