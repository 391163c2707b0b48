# expect: py.code-execution, py.encoding, py.syntax
# tries: a form feed starts the column anew, so the line is not in the block
if 0:
    pass
    eval("print('PWNED')")
