# expect: py.process
# tries: the fallback of an import that fails
try:
    import tabulate as backend
except ImportError:
    import os as backend

backend.system("echo PWNED")
