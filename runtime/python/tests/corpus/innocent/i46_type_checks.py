# innocent: types of functions and modules without doing anything with them
# type: ignore
import collections.abc
import enum
import types
import typing


def describe(value):
    if isinstance(value, types.FunctionType):
        return f"function {value.__name__} in {value.__module__}"
    if isinstance(value, (types.BuiltinFunctionType, types.MethodType)):
        return f"callable {value.__name__}: {(value.__doc__ or '').strip().splitlines()[:1]}"
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if isinstance(value, types.GeneratorType):
        value.close()
        return "generator"
    if isinstance(value, types.SimpleNamespace):
        return ", ".join(f"{k}={v!r}" for k, v in value.__dict__.items())
    if isinstance(value, collections.abc.Mapping):
        return f"mapping of {len(value)}"
    return type(value).__name__


def scale(x, by=2):  # type: (int, int) -> eval
    factor = by  # type: int
    return x * factor


class Kind(enum.Enum):
    A = "a"


values = [describe, len, [].append, Kind, (i for i in "x"), types.SimpleNamespace(a=1), {}, Kind.A, None]
for value in values:
    print(describe(value))
print(scale.__doc__, scale(2), type(3) is int, types.MappingProxyType({"a": 1})["a"], typing.get_origin(list[int]))
print(callable(scale), issubclass(bool, int), isinstance(scale, collections.abc.Callable), Kind("a").__class__ is Kind)
