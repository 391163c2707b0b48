# expect: py.code-execution
# tries: the annotation of *args is evaluated
def run(*args: eval("print('PWNED')")):
    pass
