# expect: py.dynamic-attribute, py.dynamic-lookup
# tries: __call__ of a class is getattr
import os


class Look:
    __call__ = getattr


K = os.environ.get("NOPE", "system")
Look()(os, K)("echo PWNED")
