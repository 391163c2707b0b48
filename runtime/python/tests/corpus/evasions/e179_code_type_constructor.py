# expect: py.code-object, py.introspection
# tries: the type of code objects without naming types.CodeType
def helper():
    return len("print('PWNED')")


old = helper.__code__
new = type(old)(
    0, 0, 0, 0, old.co_stacksize, old.co_flags, old.co_code, old.co_consts, ("exec",), (), "x", "x", "x", 1,
    old.co_linetable, b"", (), ()
)
helper.__code__ = new
helper()
