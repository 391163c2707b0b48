# expect: py.process, py.dynamic-attribute
# tries: the positional attributes of a data class
import dataclasses
import os


class Meta(type):
    def __instancecheck__(cls, instance):
        return True


@dataclasses.dataclass
class Any(metaclass=Meta):
    system: int


match os:
    case Any(run):
        run("echo PWNED")
