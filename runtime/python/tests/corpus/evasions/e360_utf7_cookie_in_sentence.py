# expect: py.encoding
# tries: an encoding: utf-7, declared within a sentence; the next comment ends early in it
# nothing to see here +AAo-exec("print('PWNED')")
