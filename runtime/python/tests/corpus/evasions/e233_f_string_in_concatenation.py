# expect: py.code-execution
# tries: one of several adjacent literals is an f-string
text = "print('PWNED')"
"{eval(text)}" "{" f"{eval(text)}" "}"
