# expect: py.process, py.dynamic-attribute
# tries: __match_args__ names the attribute that a positional pattern reads
import os


class Anything(type):
    def __instancecheck__(cls, instance):
        return True


class Backend(metaclass=Anything):
    __match_args__ = ("sys" + "tem",)


match os:
    case Backend(run):
        run("echo PWNED")
