# expect: py.code-execution
# tries: Ctrl-Z does not end the file, and the last line has no newline
x = ""; exec("print('PWNED')")