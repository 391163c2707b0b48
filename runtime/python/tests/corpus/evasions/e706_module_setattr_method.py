# expect: py.process
# tries: a module's own __setattr__ is called
import json
import os

json.__setattr__("tool", os)
json.tool.system("echo PWNED")
