# expect: py.introspection, py.namespace
# tries: a caught exception's traceback
try:
    1 / 0
except ZeroDivisionError as error:
    error.__traceback__.tb_frame.f_builtins["eval"]("print('PWNED')")
