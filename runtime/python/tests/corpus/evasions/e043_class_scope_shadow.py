# expect: py.code-execution
# tries: names of a class body don't cover those in its methods
class Calculator:
    eval = len

    def run(self, text):
        return eval(text)


Calculator().run("print('PWNED')")
