# expect: py.code-execution, py.gadget
# tries: the name of a field is replaced
import dataclasses


@dataclasses.dataclass
class Base:
    x: int = dataclasses.field(init=False)


for field in dataclasses.fields(Base):
    field.name = "x:print('PWNED')"


class Child(Base):
    pass


try:
    dataclasses.dataclass(repr=False, eq=False)(Child)
except TypeError:
    pass
