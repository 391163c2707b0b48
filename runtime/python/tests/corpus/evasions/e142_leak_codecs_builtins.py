# expect: py.code-execution, py.import, py.namespace, py.gadget
# tries: json, codecs, builtins: a chain of leaks
import json

json.codecs.builtins.exec("print('PWNED')")
