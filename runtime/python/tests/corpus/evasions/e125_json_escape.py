# expect: py.process, py.dynamic-attribute
# tries: a JSON string with an escape
import json
import os

getattr(os, json.loads('"\\u0073ystem"'))("echo PWNED")
