# expect: py.introspection, py.namespace, py.process
# tries: a library method's globals
import string

string.Template.substitute.__globals__["_re"].__builtins__["exec"]("print('PWNED')")
