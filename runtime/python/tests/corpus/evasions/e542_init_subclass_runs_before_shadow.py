# expect: py.code-execution
# tries: __init_subclass__ runs before eval is replaced
class Base:
    def __init_subclass__(cls):
        eval("print('PWNED')")


class Child(Base):
    pass


def eval(text):
    return text
