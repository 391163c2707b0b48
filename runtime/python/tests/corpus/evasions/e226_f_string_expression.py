# expect: py.code-execution
# tries: an expression in an f-string
f"{eval('print(chr(80) + chr(87) + chr(78) + chr(69) + chr(68))')}"
