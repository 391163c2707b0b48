# expect: py.process
# tries: an enumeration made by a call
import enum
import os

Tools = enum.Enum("Tools", {"shell": os})
Tools.shell.value.system("echo PWNED")
