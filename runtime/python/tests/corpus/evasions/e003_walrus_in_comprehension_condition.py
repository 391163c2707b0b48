# expect: py.code-execution
# tries: a walrus in a comprehension's condition binds outside of the comprehension
def harmless():
    pass


[None for _ in "x" if (harmless := eval)]
harmless("print('PWNED')")
