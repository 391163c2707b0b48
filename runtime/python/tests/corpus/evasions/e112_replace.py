# expect: py.process, py.dynamic-attribute
# tries: str.replace
import os

getattr(os, "s-y-s-t-e-m".replace("-", ""))("echo PWNED")
