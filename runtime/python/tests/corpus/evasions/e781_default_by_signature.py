# expect: py.process, py.introspection
# tries: the default of a parameter by the function's signature
import inspect
import os


def run(tool=os):
    pass


inspect.signature(run).parameters["tool"].default.system("echo PWNED")
