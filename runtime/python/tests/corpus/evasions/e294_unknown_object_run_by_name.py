# expect: py.dynamic-attribute, py.process
# tries: both the object and the name come from a table
import json
import os

MODULES = {"os": os, "json": json}
PLAN = [("os", "system", "echo PWNED")]
for module, name, argument in PLAN:
    getattr(MODULES[module], name)(argument)
