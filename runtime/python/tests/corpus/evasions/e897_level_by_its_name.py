# expect: py.process, py.dynamic-attribute
# tries: logging's table of levels keeps a looked-up level
import logging
import os

logging.addLevelName(getattr(logging, os.environ.get("LEVEL", "os")), "X")
logging.getLevelNamesMapping()["X"].system("echo PWNED")
