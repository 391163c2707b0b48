# expect: py.code-execution, py.encoding, py.syntax
# tries: a lone carriage return ends the comment
# harmlessexec("print('PWNED')")
