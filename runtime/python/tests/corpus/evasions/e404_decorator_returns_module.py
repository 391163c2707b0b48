# expect: py.process
# tries: a decorated function is whatever the decorator returns
import os


@lambda function: os
def tools():
    return None


tools.system("echo PWNED")
