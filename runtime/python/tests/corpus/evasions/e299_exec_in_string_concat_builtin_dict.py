# expect: py.namespace, py.code-execution
# tries: the builtins' dict by a built key
vars(__builtins__)["".join(["e", "v", "a", "l"])]("print('PWNED')")
