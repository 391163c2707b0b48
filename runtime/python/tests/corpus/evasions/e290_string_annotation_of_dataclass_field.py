# expect: py.code-execution, py.gadget
# tries: fields' types are strings until somebody asks
import dataclasses
import typing


@dataclasses.dataclass
class Config:
    size: "print('PWNED') or int" = 1


typing.get_type_hints(Config)
