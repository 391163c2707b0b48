# expect: py.process
# tries: inside the class `__backend` means the global `_Agent__backend`
import os as _Agent__backend


class Agent:
    def go(self):
        return __backend.system("echo PWNED")


Agent().go()
