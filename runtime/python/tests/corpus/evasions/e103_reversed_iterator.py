# expect: py.process, py.dynamic-attribute
# tries: reversed() and join
import os

getattr(os, "".join(reversed("metsys")))("echo PWNED")
