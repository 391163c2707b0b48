# expect: py.introspection, py.gadget, py.namespace
# tries: the exception hook gets a traceback
import sys


def hook(kind, error, trace):
    trace.tb_frame.f_builtins["exec"]("print('PWNED')")


sys.excepthook = hook
raise ValueError
