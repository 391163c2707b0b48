# expect: py.introspection, py.namespace
# tries: functions have __builtins__
def helper():
    pass


helper.__builtins__["exec"]("print('PWNED')")
