# expect: py.dynamic-attribute, py.process
# tries: asking whether a letter is in an iterator uses it up, so that later letters are never found
import os

shown = iter("getpid")
getattr(os, "".join(c for c in "getpidsystem" if c not in shown))("echo PWNED")
