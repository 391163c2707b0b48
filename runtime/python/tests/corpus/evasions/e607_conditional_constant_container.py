# expect: py.dynamic-attribute
# tries: either a constant list or one with an unknown element
import os

K = os.environ.get("NOPE", "system")
names = ["path"] if len(K) > 100 else [K]
getattr(os, names[0])("echo PWNED")
