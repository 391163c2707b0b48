# expect: py.process
# tries: an enum member's value is a module
import enum
import os


class Backend(enum.Enum):
    LOCAL = os


Backend.LOCAL.value.system("echo PWNED")
