# expect: py.dynamic-attribute, py.process
# tries: an iterator gives its letters once and nothing the second time
import os

shown = iter("path")
print("".join(shown))
getattr(os, "system"[len(list(shown)):])("echo PWNED")
