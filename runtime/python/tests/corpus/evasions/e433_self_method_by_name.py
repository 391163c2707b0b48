# expect: py.process
# tries: a method by a name that is known only at run time gets the module
import os


class Agent:
    def tool_shell(self, backend):
        return backend.system("echo PWNED")

    def dispatch(self, name, argument):
        return getattr(self, f"tool_{name}")(argument)


Agent().dispatch("shell", os)
