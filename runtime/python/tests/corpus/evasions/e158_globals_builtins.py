# expect: py.namespace, py.code-execution
# tries: globals() holds the builtins
globals()["__builtins__"].eval("print('PWNED')")
