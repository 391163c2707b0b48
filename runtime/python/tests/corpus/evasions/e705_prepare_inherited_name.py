# expect: py.process
# tries: a global that the prepared mapping hides
import json
import os

tool = json


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return {"tool": os}


class Body(metaclass=Meta):
    tool.system("echo PWNED")
