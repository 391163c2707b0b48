# expect: py.process, py.dynamic-attribute
# tries: a partial keeps a looked-up level
import functools
import logging
import os

functools.partial(print, level=getattr(logging, os.environ.get("LEVEL", "os"))).keywords["level"].system("echo PWNED")
