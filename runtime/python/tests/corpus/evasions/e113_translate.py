# expect: py.process, py.dynamic-attribute
# tries: str.translate with a table from str.maketrans
import os

getattr(os, "5y5t3m".translate(str.maketrans("53", "se")))("echo PWNED")
