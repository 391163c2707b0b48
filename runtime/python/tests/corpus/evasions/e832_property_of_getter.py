# expect: py.process
# tries: a property that calls attrgetter
import operator
import os


class Box:
    run = property(operator.attrgetter("tool.system"))

    def __init__(self, tool):
        self.tool = tool


Box(os).run("echo PWNED")
