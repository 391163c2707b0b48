# expect: py.code-execution
# tries: the default of a keyword-only parameter
def run(*, x=eval("print('PWNED')")):
    return x
