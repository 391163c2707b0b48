# expect: py.process, py.dynamic-attribute
# tries: a looked-up level is handed to a function of one's own by the keyword of a level
import logging
import os


def run(level):
    level.system("echo PWNED")


run(level=getattr(logging, os.environ.get("LEVEL", "os")))
