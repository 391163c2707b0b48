# expect: py.introspection, py.gadget
# tries: logging has a function that returns a frame
import logging

logging.currentframe().f_builtins["eval"]("print('PWNED')")
