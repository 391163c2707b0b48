# expect: py.encoding
# tries: coding:! an empty name is skipped, the next coding=utf_7 counts
# nothing to see here +AAo-exec("print('PWNED')")
