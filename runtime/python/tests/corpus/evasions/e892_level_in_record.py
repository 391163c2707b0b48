# expect: py.process, py.dynamic-attribute
# tries: a handler gives back the level that it was given
import logging
import os

handler = logging.LogRecord("x", getattr(logging, os.environ.get("LEVEL", "os")), "", 0, "", (), None)
try:
    handler.levelno.system("echo PWNED")
except AttributeError:
    pass
