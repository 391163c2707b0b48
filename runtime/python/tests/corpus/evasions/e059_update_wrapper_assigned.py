# expect: py.dynamic-attribute, py.gadget, py.process, py.namespace
# tries: update_wrapper copies the attributes that `assigned` names
import functools
import os
import types

target = types.SimpleNamespace()
functools.update_wrapper(target, os, assigned=["system"], updated=[])
target.system("echo PWNED")
