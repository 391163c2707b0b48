# expect: py.code-execution
# tries: a nested starred target takes the builtin
first, [second, *rest] = 1, [2, len, exec]
rest[-1]("print('PWNED')")
