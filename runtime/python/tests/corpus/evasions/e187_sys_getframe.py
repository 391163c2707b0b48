# expect: py.introspection, py.gadget
# tries: sys._getframe
import sys

sys._getframe().f_builtins["eval"]("print('PWNED')")
