# expect: py.process, py.gadget, py.namespace
# tries: the members of an enumeration become globals, one of them hides a built-in name
import enum
import os


@enum.global_enum
class Tools(enum.Enum):
    print = os


print.value.system("echo PWNED")
