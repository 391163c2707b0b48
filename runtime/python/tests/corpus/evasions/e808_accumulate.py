# expect: py.process
# tries: itertools.accumulate hands modules to a function of two
import itertools
import os

list(itertools.accumulate([os, "echo PWNED"], lambda tool, text: tool.system(text)))
