# expect: py.process
# tries: keyword-only default of a lambda
import os

(lambda command, *, backend=os: backend.system(command))("echo PWNED")
