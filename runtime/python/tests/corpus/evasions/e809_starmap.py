# expect: py.process
# tries: itertools.starmap unpacks pairs
import itertools
import os

list(itertools.starmap(lambda tool, text: tool.system(text), [(os, "echo PWNED")]))
