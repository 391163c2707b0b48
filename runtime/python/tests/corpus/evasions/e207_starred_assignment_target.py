# expect: py.code-execution
# tries: the index of a starred target
parts = [0, 0]
first, *parts[eval("print('PWNED') or 0")] = 1, 2, 3
