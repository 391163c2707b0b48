# expect: py.introspection
# tries: the classic walk through all classes
for cls in ().__class__.__base__.__subclasses__():
    if cls.__name__ == "_wrap_close":
        cls.__init__.__globals__["system"]("echo PWNED")
