# expect: py.code-execution
# tries: the annotation of **kwargs is evaluated
def run(**kwargs: eval("print('PWNED')")):
    pass
