# expect: py.introspection, py.gadget
# tries: sys.settrace gets frames
import sys


def trace(frame, event, arg):
    sys.settrace(None)
    frame.f_builtins["exec"]("print('PWNED')")


sys.settrace(trace)
len.__call__("x")
(lambda: None)()
