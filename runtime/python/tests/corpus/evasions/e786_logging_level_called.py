# expect: py.gadget, py.dynamic-attribute
# tries: a function that logging has, by a name from outside
import logging
import os

style = getattr(logging, os.environ.get("LEVEL", "StrFormatStyle"), None)
print(style, "PWNED")
style("{x.y}")
