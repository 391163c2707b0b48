# expect: py.dynamic-attribute, py.process
# tries: reduce applies getattr to a list of names
import functools
import os

functools.reduce(getattr, ["path", "os", "system"], os)("echo PWNED")
