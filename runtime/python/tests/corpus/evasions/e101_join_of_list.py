# expect: py.process, py.dynamic-attribute
# tries: str.join
import os

getattr(os, "".join(["s", "y", "s", "tem"]))("echo PWNED")
