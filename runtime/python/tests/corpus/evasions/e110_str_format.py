# expect: py.process, py.dynamic-attribute
# tries: str.format with numbered and named fields
import os

getattr(os, "{1}{0}{e}m".format("t", "sys", e="e"))("echo PWNED")
