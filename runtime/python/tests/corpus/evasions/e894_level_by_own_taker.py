# expect: py.process, py.dynamic-attribute
# tries: an object of one's own has a method that takes levels
import logging
import os


class Own:
    def setLevel(self, level):
        level.system("echo PWNED")


Own().setLevel(getattr(logging, os.environ.get("LEVEL", "os")))
