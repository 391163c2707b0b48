# expect: py.process, py.dynamic-attribute
# tries: the positional attributes of a class that type() made
import os


class Meta(type):
    def __instancecheck__(cls, instance):
        return True


Any = Meta("Any", (), {"__match_args__": ("system",)})
match os:
    case Any(run):
        run("echo PWNED")
