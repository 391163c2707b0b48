# expect: py.dynamic-attribute
# tries: three-argument pow calls __pow__, which is getattr
import os


class Look:
    __pow__ = getattr


K = os.environ.get("NOPE", "system")
pow(Look(), os, K)("echo PWNED")
