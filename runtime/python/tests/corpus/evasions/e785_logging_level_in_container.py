# expect: py.process, py.dynamic-attribute
# tries: a module that logging has goes through other code before it is used
import copy
import logging
import os

name = os.environ.get("LEVEL", "os")
tools = [getattr(logging, name, None)]
copy.copy(tools).pop().system("echo PWNED")
