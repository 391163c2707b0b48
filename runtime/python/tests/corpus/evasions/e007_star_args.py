# expect: py.process
# tries: the module travels in *args
import os


def run(*parts):
    parts[1].system("echo PWNED")


run("x", os)
