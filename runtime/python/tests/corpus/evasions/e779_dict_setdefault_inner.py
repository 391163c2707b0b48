# expect: py.process, py.dynamic-attribute
# tries: the method of an inner dictionary
import os

names = {"a": {}}
names["a"].setdefault("b", "system")
table = {"a": {"b": "path"}}
table["a"].update(names["a"])
getattr(os, table["a"]["b"])("echo PWNED")
