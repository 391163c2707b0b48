# expect: py.process, py.dynamic-attribute
# tries: the name of an enum member
import enum
import os

Tool = enum.Enum("Tool", "system")
getattr(os, Tool.system.name)("echo PWNED")
