# innocent: the type of a callback in a log line
import logging

logger = logging.getLogger(__name__)


def handler(event):
    return event


CALLBACKS = {"default": handler}


def describe(name):
    callback = CALLBACKS[name]
    logger.debug("calling %s of %s", name, type(callback))
    return type(callback).__name__


def show(thing):
    kind = type(thing)
    logger.info("kind %s", kind.__name__)
    return str(kind)


print(describe("default"), show(handler), show(3))
