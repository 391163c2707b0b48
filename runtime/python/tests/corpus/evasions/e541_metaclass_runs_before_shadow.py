# expect: py.code-execution
# tries: a metaclass runs its method before eval is replaced
class Meta(type):
    def __init__(cls, *args):
        eval("print('PWNED')")


class Any(metaclass=Meta):
    pass


def eval(text):
    return text
