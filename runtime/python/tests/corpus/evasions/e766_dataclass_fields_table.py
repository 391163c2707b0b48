# expect: py.code-execution, py.gadget
# tries: the name of a field in the table of fields
import dataclasses


@dataclasses.dataclass
class Base:
    x: int = dataclasses.field(init=False)


Base.__dataclass_fields__["x"].name = "x:print('PWNED')"
try:
    dataclasses.dataclass(repr=False, eq=False)(type("Child", (Base,), {}))
except TypeError:
    pass
