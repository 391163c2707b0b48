# expect: py.dynamic-attribute, py.namespace, py.gadget
# tries: logging hands the __dict__ of a record to the % of the format
import logging
import os


class Template:
    def __mod__(self, values):
        return values["sys" + "tem"]("echo PWNED")


logging.PercentStyle(Template()).format(os)
