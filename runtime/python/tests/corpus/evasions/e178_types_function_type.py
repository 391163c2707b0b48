# expect: py.code-object, py.introspection
# tries: types.FunctionType on another function's code
import types


def helper():
    return len("print('PWNED')")


types.FunctionType(helper.__code__.replace(co_names=("exec",)), {})()
