# expect: py.process
# tries: a function from outside keeps a module
import json
import os

json.dumps.tool = os
from json import dumps as write

write.tool.system("echo PWNED")
