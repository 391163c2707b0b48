# expect: py.code-execution
# tries: `match` is an ordinary name here
match = eval
match ("print('PWNED')")
