# expect: py.process, py.dynamic-attribute
# tries: the name grows with +=
import os

name = "sys"
name += "tem"
getattr(os, name)("echo PWNED")
