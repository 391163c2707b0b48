# expect: py.namespace, py.dynamic-attribute
# tries: vars.__call__ of a module
import os

vars.__call__(os)["system"]("echo PWNED")
