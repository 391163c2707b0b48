# expect: py.process
# tries: a property keeps a module by its own __set__
import os


class Box:
    __slots__ = ("tool",)


box = Box()
put = Box.tool.__set__
put(box, os)
box.tool.system("echo PWNED")
