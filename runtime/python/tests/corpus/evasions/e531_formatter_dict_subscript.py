# expect: py.namespace, py.dynamic-attribute, py.gadget
# tries: a template reads __dict__ and an element of it
import os
import string


class Run(string.Formatter):
    def format_field(self, value, spec):
        return str(value("echo PWNED"))


Run().vformat("{m.__dict__[system]}", (), {"m": os})
