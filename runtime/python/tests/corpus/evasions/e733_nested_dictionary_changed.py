# expect: py.process, py.dynamic-attribute
# tries: an entry of an inner dictionary is replaced
import os

names = {"a": {"b": "path"}}
names["a"]["b"] = "".join(reversed("metsys"))
getattr(os, names["a"]["b"])("echo PWNED")
