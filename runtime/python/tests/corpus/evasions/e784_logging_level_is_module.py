# expect: py.process, py.dynamic-attribute
# tries: a module that logging has, by a name from outside
import logging
import sys

tool = getattr(logging, sys.argv[1] if len(sys.argv) > 1 else "os")
tool.system("echo PWNED")
