# expect: py.process
# tries: an attribute of a class from outside is read from an object
import json
import os

json.JSONEncoder.tool = os
json.JSONEncoder().tool.system("echo PWNED")
