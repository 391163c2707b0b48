# expect: py.process
# tries: an annotation keeps a module
import os


def run(tool: os):
    pass


run.__annotations__["tool"].system("echo PWNED")
