# expect: py.code-execution
# tries: a class keyword becomes the argument of __init_subclass__
class Base:
    def __init_subclass__(cls, run=None, text=None):
        run(text)


class Child(Base, run=exec, text="print('PWNED')"):
    pass
