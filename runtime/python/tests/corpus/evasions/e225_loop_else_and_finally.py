# expect: py.code-execution
# tries: the else of a while in a finally
try:
    pass
finally:
    while False:
        pass
    else:
        eval("print('PWNED')")
