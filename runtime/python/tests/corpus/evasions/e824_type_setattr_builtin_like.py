# expect: py.process
# tries: type.__setattr__ on a class from outside
import json
import os

type.__setattr__(json.JSONEncoder, "tool", os)
json.encoder.JSONEncoder.tool.system("echo PWNED")
