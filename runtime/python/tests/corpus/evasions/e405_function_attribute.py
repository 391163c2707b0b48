# expect: py.process
# tries: functions have attributes
import os


def tools():
    return tools.backend.system("echo PWNED")


tools.backend = os
tools()
