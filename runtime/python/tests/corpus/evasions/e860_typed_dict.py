# expect: py.code-execution, py.gadget
# tries: a typed dictionary's annotations
import typing

Row = typing.TypedDict("Row", {"x": "print('PWNED')"})
evaluate = Row.__annotations__["x"]._evaluate
evaluate({}, {}, frozenset())
