# expect: py.introspection, py.namespace
# tries: a generator's frame
def gen():
    yield


gen().gi_frame.f_builtins["eval"]("print('PWNED')")
