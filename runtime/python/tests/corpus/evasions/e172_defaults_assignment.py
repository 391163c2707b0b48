# expect: py.introspection, py.process
# tries: defaults are replaced after the definition
import json
import os


def run(command, backend=json):
    return backend.system(command)


run.__defaults__ = (os,)
run("echo PWNED")
