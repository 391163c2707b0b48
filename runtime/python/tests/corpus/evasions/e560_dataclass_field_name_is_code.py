# expect: py.code-execution, py.gadget
# tries: dataclasses writes field names into source that it executes
import dataclasses

NAME = "x:print('PWNED')"


class Data:
    __annotations__ = {NAME: int}


setattr(Data, NAME, dataclasses.field(init=False))
try:
    dataclasses.dataclass(repr=False, eq=False)(Data)
except TypeError:
    pass
