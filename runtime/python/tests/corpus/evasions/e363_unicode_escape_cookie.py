# expect: py.encoding
# tries: -*- coding: unicode_escape -*- escapes become source text
x = 1  # \u000aexec("print('PWNED')")
