# expect: py.namespace, py.dynamic-attribute
# tries: sys.excepthook
import sys
import types


def hook(kind, error, trace):
    type(trace).__dict__["tb_frame"].__get__(trace)
    print("PWNED")


sys.excepthook = hook
raise ValueError
