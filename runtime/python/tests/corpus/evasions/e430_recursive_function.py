# expect: py.process
# tries: recursion carries the module
import os


def walk(depth, value):
    return value if depth == 0 else walk(depth - 1, value)


walk(30, os).system("echo PWNED")
