# expect: py.dynamic-attribute, py.namespace, py.gadget
# tries: logging hands the __dict__ of a record to the format's own format method
import logging
import os


class Template:
    def format(self, **values):
        return values["sys" + "tem"]("echo PWNED")


logging.StrFormatStyle(Template()).format(os)
