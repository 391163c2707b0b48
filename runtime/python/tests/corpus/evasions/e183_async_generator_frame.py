# expect: py.introspection, py.namespace
# tries: an asynchronous generator's frame
async def agen():
    yield


agen().ag_frame.f_builtins["eval"]("print('PWNED')")
