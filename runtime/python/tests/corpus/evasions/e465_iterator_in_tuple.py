# expect: py.dynamic-attribute, py.process
# tries: an iterator in a tuple gives its letters once and nothing the second time
import os

kept = (iter("path"),)
print("".join(kept[0]))
getattr(os, "system"[len(list(kept[0])):])("echo PWNED")
