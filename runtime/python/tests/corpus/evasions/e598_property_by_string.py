# expect: py.introspection, py.namespace
# tries: frames and their globals by descriptors, all names in strings
import types

table = {}
try:
    raise ValueError
except ValueError as error:
    trace = error.__traceback__
    frame = type(trace).__dict__["tb_frame"].__get__(trace)
    builtins = type(frame).__dict__["f_builtins"].__get__(frame)
    builtins["eval"]("print('PWNED')")
