# expect: py.process
# tries: what follows a raise in a suppressing block is alive
import contextlib
import os

with contextlib.suppress(ValueError):
    raise ValueError
os.system("echo PWNED")
