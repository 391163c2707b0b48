# expect: py.process, py.dynamic-attribute
# tries: %-format
import os

getattr(os, "%s%cem" % ("sys", "t"))("echo PWNED")
