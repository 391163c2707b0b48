# expect: py.code-execution
# tries: the type of an except* clause
try:
    raise ExceptionGroup("x", [ValueError()])
except* eval("print('PWNED') or ValueError"):
    pass
