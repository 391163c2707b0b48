# expect: py.process
# tries: a slot is filled by its descriptor
import json
import os


class Box:
    __slots__ = ("tool",)

    def __init__(self):
        self.tool = json

    def run(self):
        self.tool.system("echo PWNED")


box = Box()
Box.tool.__set__(box, os)
box.run()
