# expect: py.code-execution, py.code-object
# tries: compile, then the code is run as a function
import types

types.FunctionType(compile("print('PWNED')", "x", "exec"), {})()
