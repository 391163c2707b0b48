# expect: py.gadget, py.dynamic-attribute, py.process
# tries: a formatter gets the object at the end of the path
import os
import string


class Run(string.Formatter):
    def format_field(self, value, spec):
        return str(value(spec))


Run().format("{0.system:echo PWNED}", os)
