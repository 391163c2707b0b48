# expect: py.code-execution
# tries: a harmless shadow is deleted and the builtin is back
eval = len
del eval
eval("print('PWNED')")
