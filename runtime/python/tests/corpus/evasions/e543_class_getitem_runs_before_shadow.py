# expect: py.code-execution
# tries: a subscript runs a method before eval is replaced
class Base:
    def __class_getitem__(cls, text):
        return eval(text)


Base["print('PWNED')"]


def eval(text):
    return text
