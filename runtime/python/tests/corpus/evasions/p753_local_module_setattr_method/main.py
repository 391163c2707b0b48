import os

import helper

helper.__setattr__("tool", os)
helper.tool.system("echo PWNED")
