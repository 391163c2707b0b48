# expect: py.code-execution
# tries: the cause in raise … from
try:
    raise ValueError from eval("print('PWNED')")
except ValueError:
    pass
