# expect: py.code-execution
# tries: two braces are text, the third begins an expression
text = "print('PWNED')"
f"{{{eval(text)}}}"
