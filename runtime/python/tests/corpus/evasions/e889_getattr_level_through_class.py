# expect: py.process, py.dynamic-attribute
# tries: a looked-up level lies in an object and is used as a module
import logging
import os


class Settings:
    def __init__(self, name):
        self.level = getattr(logging, name, None)


Settings(os.environ.get("LEVEL", "os")).level.system("echo PWNED")
