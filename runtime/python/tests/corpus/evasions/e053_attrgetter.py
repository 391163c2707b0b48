# expect: py.process, py.dynamic-attribute
# tries: operator.attrgetter with a constant name
import operator
import os

operator.attrgetter("system")(os)("echo PWNED")
