# expect: py.dynamic-attribute
# tries: __match_args__ is computed
import os


class Anything(type):
    def __instancecheck__(cls, instance):
        return True


K = os.environ.get("NOPE", "system")


class Backend(metaclass=Anything):
    __match_args__ = (K,)


match os:
    case Backend(run):
        run("echo PWNED")
