# expect: py.namespace, py.dynamic-attribute
# tries: one of many classes returns the module from __new__
import os


class Base:
    pass


class C0:
    pass


class C1:
    pass


class C2:
    pass


class C3:
    pass


class C4:
    pass


class C5:
    pass


class C6:
    pass


class C7:
    pass


class C8:
    pass


class C9:
    pass


class C10:
    pass


class C11:
    pass


class C12:
    pass


class C13:
    pass


class C14:
    pass


class C15:
    pass


class C16:
    pass


class C17:
    pass


class Last:
    def __new__(cls):
        return os


table = [C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17, Last]
module = table[18]()
module.__dict__["system"]("echo PWNED")
