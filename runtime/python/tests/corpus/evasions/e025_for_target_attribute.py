# expect: py.process
# tries: the loop target is an attribute
import os
import types

ns = types.SimpleNamespace()
for ns.run in (os,):
    ns.run.system("echo PWNED")
