# expect: py.code-execution
# tries: a builtin that sits in a class body's comprehension
class Tools:
    table = {f.__name__: f for f in (len, print, exec)}


Tools.table["exec"]("print('PWNED')")
