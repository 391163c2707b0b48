# expect: py.code-execution
# tries: in a raw f-string \N{…} is an expression
text = "print('PWNED')"
rf"\N{eval(text)}"
