# expect: py.introspection
# tries: the unbound method, no dunder on the object itself
(cls,) = [c for c in type.__subclasses__(object) if c.__name__ == "catch_warnings"]
cls()._module.sys.modules["os"].system("echo PWNED")
