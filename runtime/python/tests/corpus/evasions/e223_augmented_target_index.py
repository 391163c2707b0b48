# expect: py.code-execution
# tries: the index of an augmented target
counts = {None: 1}
counts[eval("print('PWNED')")] += 1
