# expect: py.process
# tries: the annotation of a variable keeps a module
import os


class Box:
    tool: os


Box.__annotations__["tool"].system("echo PWNED")
