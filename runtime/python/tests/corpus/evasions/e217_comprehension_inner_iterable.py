# expect: py.code-execution
# tries: the iterable of an inner loop
[y for x in [1] for y in eval("print('PWNED') or []")]
