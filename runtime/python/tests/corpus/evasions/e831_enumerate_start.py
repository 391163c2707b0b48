# expect: py.process
# tries: the pairs of a dictionary's items are unpacked by a call
import os


def run(name, tool):
    tool.system("echo PWNED")


for pair in {"a": os}.items():
    run(*pair)
