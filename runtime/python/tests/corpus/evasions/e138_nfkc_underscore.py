# expect: py.namespace, py.code-execution
# tries: fullwidth low lines in a dunder name
_＿builtins_＿.eval("print('PWNED')")
