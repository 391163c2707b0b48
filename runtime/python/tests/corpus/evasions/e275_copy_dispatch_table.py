# expect: py.gadget, py.process, py.dynamic-attribute, py.namespace
# tries: copy's table of functions by type
import copy
import os
import types

copy._copy_dispatch[types.ModuleType] = lambda module: module.system("echo PWNED")
copy.copy(os)
