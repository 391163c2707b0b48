# expect: py.process
# tries: dispatch hands a module over
import functools
import os


class Box:
    @functools.singledispatchmethod
    def run(self, tool):
        tool.system("echo PWNED")


Box().run(os)
