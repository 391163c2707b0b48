# expect: py.code-execution
# tries: a backslash does not escape a brace
text = "print('PWNED')"
f"\{eval(text)}"
