# expect: py.process
# tries: a built-in name means something else in the prepared mapping
import os


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return {"print": os}


class Body(metaclass=Meta):
    print.system("echo PWNED")
