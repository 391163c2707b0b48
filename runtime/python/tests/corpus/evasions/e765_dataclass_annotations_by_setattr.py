# expect: py.code-execution, py.gadget
# tries: a function sets annotations that are code on the class that it is given
import dataclasses


def equip(cls):
    cls.__annotations__ = {"x:print('PWNED')": int}
    setattr(cls, "x:print('PWNED')", dataclasses.field(init=False))
    return cls


class Data:
    pass


try:
    dataclasses.dataclass(repr=False, eq=False)(equip(Data))
except TypeError:
    pass
