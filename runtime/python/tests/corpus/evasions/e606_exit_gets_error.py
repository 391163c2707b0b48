# expect: py.namespace, py.dynamic-attribute
# tries: an own __exit__ gets an exception whose class hides the names
import os


class Oops(Exception):
    pass


class Guard:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        frame = type(trace).__dict__["tb_frame"].__get__(trace)
        type(frame).__dict__["f_builtins"].__get__(frame)["eval"]("print('PWNED')")
        return True


with Guard():
    raise Oops
