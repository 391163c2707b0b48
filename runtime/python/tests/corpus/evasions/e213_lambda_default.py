# expect: py.code-execution
# tries: the default of a lambda's positional-only parameter
run = lambda x=eval("print('PWNED')"), /: x
