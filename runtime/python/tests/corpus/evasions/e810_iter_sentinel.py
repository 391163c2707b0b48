# expect: py.process
# tries: iter with a sentinel calls a function
import os

tools = iter([os].pop, None)
next(tools).system("echo PWNED")
