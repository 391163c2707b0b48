# expect: py.process
# tries: a mapping pattern's rest keeps the module
import os

match {"kind": "tool", "backend": os}:
    case {"kind": "tool", **rest}:
        rest["backend"].system("echo PWNED")
