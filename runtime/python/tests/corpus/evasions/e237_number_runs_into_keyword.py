# expect: py.code-execution, py.syntax
# tries: `0xfif` is the number 0xf and `if`
0xfif 0else eval("print('PWNED')")
