# expect: py.process, py.dynamic-attribute
# tries: an inner list is changed through another name
import os

names = [["path"], ["name"]]
for inner in names:
    inner[0] = "system"
print([getattr(os, inner[0]) for inner in names][0]("echo PWNED"))
