# expect: py.dynamic-attribute, py.namespace
# tries: __getitem__ of a class is vars
import os


class Look:
    __getitem__ = vars


Look()[os]["system"]("echo PWNED")
