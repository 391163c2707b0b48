# expect: py.code-execution
# tries: an argument of the class statement
class Base:
    def __init_subclass__(cls, **kwargs):
        pass


class Child(Base, tag=eval("print('PWNED')")):
    pass
