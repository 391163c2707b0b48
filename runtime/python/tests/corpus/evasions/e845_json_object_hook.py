# expect: py.process
# tries: a hook of json gives a module
import json
import os

json.loads('{"a": {}}', object_hook=lambda table: os).system("echo PWNED")
