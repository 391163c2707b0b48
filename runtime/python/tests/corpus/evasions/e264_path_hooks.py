# expect: py.namespace, py.dynamic-import, py.gadget
# tries: a hook for entries of the search path
from sys import path, path_hooks


def hook(entry):
    print("PWNED")
    raise ImportError


path_hooks.insert(0, hook)
path.insert(0, "/nowhere/at/all")
try:
    import tabulate
except ImportError:
    pass
