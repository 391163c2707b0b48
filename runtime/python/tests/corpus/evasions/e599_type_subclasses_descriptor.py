# expect: py.introspection
# tries: __subclasses__ out of the type of types
class Any:
    pass


kinds = type(Any).__dict__["__subclasses__"](type(Any).mro(Any)[-1])
wrap = [k for k in kinds if k.__name__ == "_wrap_close"][0]
globals_of = type(Any.__init_subclass__)
function = wrap.close
type(function).__dict__["__globals__"].__get__(function)["system"]("echo PWNED")
