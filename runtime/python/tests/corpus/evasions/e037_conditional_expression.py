# expect: py.process
# tries: either branch of a conditional expression
import json
import os

(os if json.dumps(1) == "1" else json).system("echo PWNED")
