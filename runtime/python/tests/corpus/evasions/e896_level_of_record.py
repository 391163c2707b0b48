# expect: py.process, py.dynamic-attribute
# tries: a record of logging keeps a looked-up level
import logging
import os

level = getattr(logging, os.environ.get("LEVEL", "os"))
make = logging.LogRecord
record = make(name="x", level=level, pathname="", lineno=0, msg="", args=(), exc_info=None)
record.levelno.system("echo PWNED")
