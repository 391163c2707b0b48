# expect: py.code-execution
# tries: the key of a dict comprehension
{eval("print('PWNED')"): value for value in [1]}
