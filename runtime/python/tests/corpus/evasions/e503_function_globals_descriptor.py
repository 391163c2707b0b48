# expect: py.namespace, py.introspection, py.code-execution
# tries: __globals__ is a string here: the descriptor out of the type of a library's function
import json

table = type(json.dumps).__dict__["__globals__"].__get__(json.dumps)
table["__builtins__"]["eval"]("print('PWNED')")
