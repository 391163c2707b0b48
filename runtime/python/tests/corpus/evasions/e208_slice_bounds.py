# expect: py.code-execution
# tries: the step of a slice in an extended subscript
"abc"[0 : 1 : eval("print('PWNED')")]
