# expect: py.code-execution
# tries: the shadow is assigned in a branch that never runs
import os

if os.environ.get("NEVER_SET_ANYWHERE"):
    exec = print
exec("print('PWNED')")
