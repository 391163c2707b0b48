# expect: py.namespace, py.introspection
# tries: __getstate__ through super()
import os
import types

super(types.ModuleType, os).__getstate__()["sys" + "tem"]("echo PWNED")
