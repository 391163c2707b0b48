# innocent: a log level with a default
import logging
import os

level_name = os.getenv("AGENT_LOG_LEVEL", "info").strip().upper()
level = getattr(logging, level_name, logging.INFO)
logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
