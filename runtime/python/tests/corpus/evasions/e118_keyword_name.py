# expect: py.process, py.dynamic-attribute
# tries: a keyword of a call becomes a dict key
import os

getattr(os, next(iter(dict(system=1))))("echo PWNED")
