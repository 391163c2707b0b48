# expect: py.code-execution, py.syntax, py.encoding
# tries: a line separator does not end the string for Python, so what follows the string is code
x = "#  "; exec("print('PWNED')")  #  "
