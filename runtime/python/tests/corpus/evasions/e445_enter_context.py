# expect: py.process, py.dynamic-attribute, py.namespace
# tries: an exit stack hands out what a context manager does
import contextlib
import os

with contextlib.ExitStack() as stack:
    stack.enter_context(contextlib.nullcontext(os)).system("echo PWNED")
