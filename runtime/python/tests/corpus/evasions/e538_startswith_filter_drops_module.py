# expect: py.namespace, py.dynamic-attribute
# tries: a filter by startswith makes the analysis forget the module
import os

os.startswith = lambda prefix: True
[m.__dict__["system"]("echo PWNED") for m in [os] if m.startswith("x")]
