# expect: py.process
# tries: the value of dict.fromkeys
import os

dict.fromkeys("a", os)["a"].system("echo PWNED")
