# expect: py.code-execution
# tries: code in the guard of a case
match 1:
    case _ if eval("print('PWNED')"):
        pass
    case _:
        pass
