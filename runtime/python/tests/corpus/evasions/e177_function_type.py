# expect: py.code-object, py.introspection
# tries: a function from a generator's code, with builtins chosen by name
def payload():
    yield len("print('PWNED')")


code = payload().gi_code.replace(co_names=("eval",))
next(type(payload)(code, {})())
