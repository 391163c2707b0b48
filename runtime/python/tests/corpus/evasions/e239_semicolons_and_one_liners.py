# expect: py.code-execution
# tries: several statements and a block on one line
x = 1; y = 2; exec("print('PWNED')") if x else None; z = 3
