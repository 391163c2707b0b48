# expect: py.process
# tries: the module is an attribute of a class
import os


class Config:
    backend = os


Config.backend.system("echo PWNED")
