# expect: py.introspection, py.gadget
# tries: a generator context manager keeps its generator
import contextlib


@contextlib.contextmanager
def session():
    yield


session().gen.gi_frame.f_builtins["eval"]("print('PWNED')")
