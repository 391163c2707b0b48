# expect: py.code-execution
# tries: a decorator is a call with the decorated thing
@exec
@(lambda function: "print('PWNED')")
def anything():
    pass
