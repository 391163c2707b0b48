# expect: py.code-execution
# tries: a comprehension's variable shadows nothing outside
[eval for eval in [len]]
eval("print('PWNED')")
