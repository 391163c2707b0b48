# expect: py.process
# tries: functools.reduce hands modules to a function of two
import functools
import os

functools.reduce(lambda tool, text: tool.system(text), [os, "echo PWNED"])
