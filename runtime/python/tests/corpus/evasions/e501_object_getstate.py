# expect: py.namespace, py.introspection, py.process
# tries: object.__getstate__ of a module is a copy of its __dict__ (3.11)
import os

object.__getstate__(os)["system"]("echo PWNED")
