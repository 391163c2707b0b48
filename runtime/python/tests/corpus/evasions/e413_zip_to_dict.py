# expect: py.process
# tries: dict(zip(…))
import os

dict(zip(["x"], [os]))["x"].system("echo PWNED")
