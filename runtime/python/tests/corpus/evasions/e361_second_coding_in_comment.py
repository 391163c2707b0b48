# expect: py.encoding
# tries: coding of coding: utf-7, where only the second word counts
# nothing to see here +AAo-exec("print('PWNED')")
