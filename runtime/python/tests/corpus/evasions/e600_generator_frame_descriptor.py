# expect: py.introspection
# tries: gi_frame by its descriptor
g = (x for x in ())
frame = type(g).__dict__["gi_frame"].__get__(g)
type(frame).__dict__["f_builtins"].__get__(frame)["eval"]("print('PWNED')")
