# expect: py.code-execution, py.gadget
# tries: a class of type() has annotations that are code
import dataclasses

Data = type("Data", (), {"__annotations__": {"x=print('PWNED')": int}})
try:
    dataclasses.dataclass(repr=False, eq=False)(Data)
except TypeError:
    pass
