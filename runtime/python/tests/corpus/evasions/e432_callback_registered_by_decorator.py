# expect: py.process
# tries: a registry filled by decorators is called later
import os

TOOLS = {}


def tool(name):
    def register(function):
        TOOLS[name] = function
        return function

    return register


@tool("shell")
def shell(backend, command):
    return backend.system(command)


TOOLS["shell"](os, "echo PWNED")
