# expect: py.code-execution, py.import, py.namespace, py.gadget
# tries: enum imports builtins under another name
import enum

enum.bltns.eval("print('PWNED')")
