# expect: py.process
# tries: a function pushed onto an exit stack
import contextlib
import os

with contextlib.ExitStack() as stack:
    stack.callback(lambda tool: tool.system("echo PWNED"), os)
