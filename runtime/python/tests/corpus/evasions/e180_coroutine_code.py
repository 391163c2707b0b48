# expect: py.code-object, py.introspection
# tries: a coroutine's code
async def payload():
    return len("print('PWNED')")


coroutine = payload()
code = coroutine.cr_code.replace(co_names=("eval",))
coroutine.close()
try:
    type(payload)(code, {})().send(None)
except StopIteration:
    pass
