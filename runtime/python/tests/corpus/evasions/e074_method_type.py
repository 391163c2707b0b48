# expect: py.code-execution
# tries: types.MethodType binds the text as self
import types

types.MethodType(eval, "print('PWNED')")()
