# expect: py.namespace, py.dynamic-attribute, py.process
# tries: isinstance hands a module to __instancecheck__
import os


class Meta(type):
    def __instancecheck__(cls, other):
        other.__dict__["system"]("echo PWNED")
        return True


class Any(metaclass=Meta):
    pass


isinstance(os, Any)
