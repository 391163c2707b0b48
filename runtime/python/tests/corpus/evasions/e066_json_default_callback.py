# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a library hands the module to a callback
import json
import os

json.dumps({"x": os}, default=lambda value: value.system("echo PWNED"))
