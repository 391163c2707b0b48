# expect: py.code-execution
# tries: the operand of yield from
def gen():
    yield from eval("print('PWNED') or []")


list(gen())
