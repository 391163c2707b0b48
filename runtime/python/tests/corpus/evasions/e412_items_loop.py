# expect: py.process
# tries: items and an unpacking target
import os

for index, (name, backend) in enumerate({"x": os}.items()):
    backend.system("echo PWNED")
