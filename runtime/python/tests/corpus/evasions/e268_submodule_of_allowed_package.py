# expect: py.import, py.gadget, py.code-execution
# tries: logging.config builds objects from names
import logging.config

logging.config.dictConfig({
    "version": 1,
    "formatters": {"x": {"()": "os.system", "command": "echo PWNED"}},
    "handlers": {"y": {"class": "logging.StreamHandler", "formatter": "x"}},
})
