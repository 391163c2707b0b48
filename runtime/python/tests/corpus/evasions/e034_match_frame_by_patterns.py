# expect: py.introspection, py.namespace
# tries: nested class patterns walk from an exception to the builtins
try:
    raise ValueError
except ValueError as error:
    match error:
        case object(__traceback__=object(tb_frame=object(f_builtins={"eval": run}))):
            run("print('PWNED')")
