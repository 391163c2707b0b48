# expect: py.code-execution
# tries: `case` and `_` are ordinary names
case = _ = exec
case (*["print('PWNED')"])
_("1")
