# expect: py.process
# tries: the arguments of a log record
import logging
import os


class Look(logging.Filter):
    def filter(self, record):
        record.args[0].system("echo PWNED")
        return False


logger = logging.getLogger("x")
logger.addFilter(Look())
logger.error("%s %s", os, 1)
