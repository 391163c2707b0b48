# expect: py.process
# tries: default of a positional-only parameter
import os


def run(command, backend=os, /):
    return backend.system(command)


run("echo PWNED")
