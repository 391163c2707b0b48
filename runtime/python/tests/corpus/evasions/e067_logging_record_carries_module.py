# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a log record carries the module to a handler
import logging
import os


class Handler(logging.Handler):
    def emit(self, record):
        record.args[0].system("echo PWNED")


logger = logging.getLogger("agent")
logger.addHandler(Handler())
logger.warning("%s %s", os, 1)
