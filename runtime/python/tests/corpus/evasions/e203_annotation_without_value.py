# expect: py.code-execution
# tries: an annotated name without a value
budget: eval("print('PWNED')")
