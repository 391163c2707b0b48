# expect: py.encoding
# tries: vim: set fileencoding=raw-unicode-escape : as editors write it
# \u000aexec("print('PWNED')")
