# expect: py.code-execution
# tries: an expression in a format spec
text = "print('PWNED') or 3"
f"{'x':>{eval(text)}}"
