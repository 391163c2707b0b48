# innocent: encoders that look at types
import datetime
import decimal
import enum
import functools
import json
import pathlib
import types
import uuid


@functools.singledispatch
def encode(value):
    raise TypeError(f"cannot encode {type(value).__name__}")


@encode.register
def _(value: datetime.datetime):
    return value.isoformat()


@encode.register(decimal.Decimal)
@encode.register(uuid.UUID)
@encode.register(pathlib.PurePath)
def _(value):
    return str(value)


@encode.register
def _(value: enum.Enum):
    return value.value


@encode.register
def _(value: types.SimpleNamespace):
    return vars(value)


def is_function(value):
    return isinstance(value, (types.FunctionType, types.BuiltinFunctionType, functools.partial))


print(json.dumps({"at": datetime.datetime.now(), "n": types.SimpleNamespace(a=1)}, default=encode), is_function(print))
