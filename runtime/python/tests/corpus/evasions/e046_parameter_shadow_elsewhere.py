# expect: py.code-execution
# tries: a parameter of that name in another function
def score(eval):
    return eval(1)


def run(text):
    return eval(text)


run("print('PWNED')")
