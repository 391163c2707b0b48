# expect: py.network
# tries: a handler of logging sends mail
import logging
import logging.handlers

logger = logging.getLogger("x")
logger.addHandler(logging.handlers.SMTPHandler(("127.0.0.1", 9), "a@b", ["c@d"], "s"))
logging.raiseExceptions = False
logger.error("secret")
print("PWNED")
