# expect: py.process
# tries: keyword arguments become attributes
import os
import types

types.SimpleNamespace(backend=os).backend.system("echo PWNED")
