# expect: py.introspection, py.import, py.namespace, py.gadget
# tries: dataclasses imports inspect
import dataclasses

dataclasses.inspect.currentframe().f_builtins["eval"]("print('PWNED')")
