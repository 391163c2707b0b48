# expect: py.code-execution
# tries: with `=`, a conversion and a spec
text = "print('PWNED')"
f"{eval(text) = !r:>10}"
