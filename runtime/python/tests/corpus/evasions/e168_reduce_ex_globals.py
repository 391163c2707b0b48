# expect: py.introspection, py.namespace
# tries: __reduce_ex__ hands out a function of copyreg
(1).__reduce_ex__(2)[0].__globals__["__builtins__"]["eval"]("print('PWNED')")
