# expect: py.process, py.dynamic-attribute
# tries: a slice with a negative step
import os

getattr(os, "metsys"[::-1])("echo PWNED")
