# expect: py.encoding
# tries: coding: U7 is another name of the same trick
# nothing to see here +AAo-exec("print('PWNED')")
