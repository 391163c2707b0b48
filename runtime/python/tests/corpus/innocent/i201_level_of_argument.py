# innocent: levels of logging from arguments and settings, without `.upper()`
"""Levels of logging from arguments and settings, without `.upper()`."""
import argparse
import logging
import os
import threading
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass
class Settings:
    level: int
    name: str


def configure(level_name):
    level = getattr(logging, level_name, None)
    if not isinstance(level, int):
        raise ValueError(f"no such level: {level_name}")
    logging.basicConfig(level=level, format="%(levelname)s %(message)s")
    return level


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log-level", default="INFO")
    args = parser.parse_args()
    logging.basicConfig(level=getattr(logging, args.log_level))
    logger.setLevel(getattr(logging, os.environ.get("LOG_LEVEL", "INFO"), logging.INFO))
    logger.log(getattr(logging, args.log_level), "started")
    level = configure(args.log_level)
    if level == logging.DEBUG or level >= logging.ERROR:
        print("verbose", level)
    event = threading.Event()
    event.set()
    event.wait()


if __name__ == "__main__":
    main()
