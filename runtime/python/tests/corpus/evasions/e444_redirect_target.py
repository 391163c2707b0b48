# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a context manager of the library hands out its argument
import contextlib
import os

with contextlib.redirect_stdout(os) as thing:
    thing.system("echo PWNED")
