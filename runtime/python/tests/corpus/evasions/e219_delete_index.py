# expect: py.code-execution
# tries: the index of a del target
numbers = {None: 1}
del numbers[eval("print('PWNED')")]
