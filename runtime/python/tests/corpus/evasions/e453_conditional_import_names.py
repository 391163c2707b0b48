# expect: py.process
# tries: two imports of the same name, the later wins in a loop only
import os

backend = None
for step in (1, 2):
    if backend:
        backend.system("echo PWNED")
    backend = os
