# expect: py.process
# tries: an attribute is stored by one path of a class and read by another
import json
import json.decoder
import os

json.decoder.JSONDecoder.tool = os
json.JSONDecoder.tool.system("echo PWNED")
