# expect: py.code-execution
# tries: the name of an except clause is deleted at its end
try:
    eval = len
    raise ValueError
except ValueError as eval:
    pass
eval("print('PWNED')")
