# expect: py.dynamic-attribute, py.gadget
# tries: a formatter with a computed template gets the object
import os
import string

K = os.environ.get("NOPE", "system")


class Run(string.Formatter):
    def format_field(self, value, spec):
        return str(value("echo PWNED"))


Run().format("{0.%s}" % K, os)
