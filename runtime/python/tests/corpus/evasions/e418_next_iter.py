# expect: py.process
# tries: next(iter(…))
import os

next(iter({os: 1})).system("echo PWNED")
