# expect: py.code-execution, py.gadget
# tries: get_type_hints through typing.NamedTuple
import typing


class Row(typing.NamedTuple):
    x: "print('PWNED')"


Row.__annotations__["x"]._evaluate({}, {}, frozenset())
