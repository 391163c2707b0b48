# expect: py.process
# tries: the target of with is an element of a list
import contextlib
import os

slots = [None]
with contextlib.nullcontext(os) as slots[0]:
    slots[0].system("echo PWNED")
