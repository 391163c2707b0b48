# expect: py.namespace, py.code-execution
# tries: __builtins__ without a call of getattr
__builtins__.__dict__["exec"]("print('PWNED')")
