# expect: py.code-execution
# tries: the harmless definition comes after the use
eval("print('PWNED')")


def eval(text):
    return len(text)
