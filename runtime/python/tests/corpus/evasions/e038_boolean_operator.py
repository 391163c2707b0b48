# expect: py.process
# tries: `or` hands out its last operand
import os

backend = {} or [] or os
backend.system("echo PWNED")
