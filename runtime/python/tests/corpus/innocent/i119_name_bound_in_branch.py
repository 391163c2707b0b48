# innocent: a name bound by both branches at module level
import logging, os
if os.environ.get("DEBUG"):
    level = "DEBUG"
else:
    level = "INFO"
logging.basicConfig(level=getattr(logging, level))
