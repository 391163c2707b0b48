# innocent: types of functions beside operators on them
"""Types of functions beside operators on them."""
import types
from types import FunctionType

CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
Either = types.FunctionType | types.MethodType


def describe(x):
    if isinstance(x, types.FunctionType):
        return "function " + x.__name__
    if isinstance(x, FunctionType | types.MethodType):
        return "either"
    if isinstance(x, CALLABLES) or type(x) == types.LambdaType or type(x) in CALLABLES:
        return "callable"
    if type(x) is types.FunctionType or types.FunctionType == type(x):
        return "same"
    return {types.FunctionType: "function", int: "number"}.get(type(x), "other")


def member(cls):
    return {k: v for k, v in vars(cls).items() if not isinstance(v, types.FunctionType)}


match describe:
    case types.FunctionType():
        print("function")
print(describe(describe), describe(1), describe(print))
