# innocent: handlers, formatters, filters and an adapter
import json
import logging
import logging.handlers
import os
import sys
import tempfile
import traceback


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {"at": self.formatTime(record), "level": record.levelname, "text": record.getMessage()}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        for key in ("task", "step"):
            if hasattr(record, key):
                entry[key] = getattr(record, key)
        return json.dumps(entry)


class Redact(logging.Filter):
    def filter(self, record):
        record.msg = str(record.msg).replace(os.environ.get("API_KEY") or "\0", "***")
        return True


def setup(path: str, level: int | str = logging.INFO) -> logging.Logger:
    logger = logging.getLogger("agent")
    logger.setLevel(level)
    file = logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2)
    file.setFormatter(JsonFormatter())
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(logging.Formatter("%(levelname)-8s %(name)s %(funcName)s:%(lineno)d %(message)s"))
    for handler in (file, console):
        handler.addFilter(Redact())
        logger.addHandler(handler)
    logger.propagate = False
    return logger


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        logger = setup(os.path.join(folder, "agent.log"))
        step = logging.LoggerAdapter(logger, {"task": "demo"})
        step.info("running exec('ls') in the sandbox, not here; %d%% done", 50)
        try:
            raise KeyError("__globals__")
        except KeyError:
            logger.exception("caught", extra={"step": 3})
            text = traceback.format_exc(limit=1)
        logger.log(getattr(logging, "DEBUG"), "hidden %s", text)
        logging.captureWarnings(True)
        for handler in list(logger.handlers):
            handler.close()
            logger.removeHandler(handler)


if __name__ == "__main__":
    main()
