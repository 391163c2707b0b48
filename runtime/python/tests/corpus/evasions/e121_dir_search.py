# expect: py.process, py.dynamic-attribute
# tries: the name is found in dir()
import os

(name,) = [n for n in dir(os) if n.startswith("syst")]
getattr(os, name)("echo PWNED")
