# expect: py.code-execution
# tries: a lambda in a branch of a conditional expression in a default
def run(action=(lambda text: eval(text)) if __name__ else None):
    return action("print('PWNED')")


run()
