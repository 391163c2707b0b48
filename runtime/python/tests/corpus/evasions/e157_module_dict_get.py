# expect: py.namespace, py.process
# tries: __dict__ and a search through its values
import os

for name, value in os.__dict__.items():
    if name[:4] == "syst":
        value("echo PWNED")
