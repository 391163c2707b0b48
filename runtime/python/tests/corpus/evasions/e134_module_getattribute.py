# expect: py.introspection, py.dynamic-attribute, py.process
# tries: the module's own __getattribute__
import os

os.__getattribute__("system")("echo PWNED")
