# expect: py.code-execution, py.gadget
# tries: the function inside of copy that calls constructors
import copy

copy._reconstruct(None, None, exec, ("print('PWNED')",))
