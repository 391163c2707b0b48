# expect: py.dynamic-attribute
# tries: a constant and a container in one variable: the constant wins
import os

K = os.environ.get("NOPE", "system")
names = ("path",)
names = [K]
getattr(os, names[0])("echo PWNED")
