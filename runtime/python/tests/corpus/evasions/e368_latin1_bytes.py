# expect: py.encoding
# tries: coding: latin-1 with bytes that are not UTF-8
name = "é"
exec("print('PWNED')")
