# expect: py.code-execution
# tries: ** in a call
dict(**eval("print('PWNED') or {}"))
