# expect: py.introspection, py.dynamic-attribute
# tries: mro() is not a dunder
root = type(()).mro()[-1]
method = getattr(root, "__subc" + "lasses__")
print(len(method()) and "PWNED")
