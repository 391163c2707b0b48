# expect: py.process
# tries: extra fields of a log record
import logging
import os


def look(record):
    record.tool.system("echo PWNED")
    return False


logger = logging.getLogger("x")
logger.addFilter(look)
logger.error("x", extra={"tool": os})
