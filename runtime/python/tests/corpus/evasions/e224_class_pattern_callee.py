# expect: py.process
# tries: a value pattern reads a property of an instance
import os


class Tool:
    @property
    def kind(self):
        return os.system("echo PWNED")


tool = Tool()
match 0:
    case tool.kind:
        pass
