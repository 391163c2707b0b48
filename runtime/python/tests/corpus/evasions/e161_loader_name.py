# expect: py.dynamic-import, py.namespace, py.introspection, py.import
# tries: __loader__ loads modules, here from a file of the standard library
import os
import sys

loader = type(__loader__)("subprocess", os.path.dirname(os.__file__) + "/subprocess.py")
loader.load_module("subprocess").run(["echo", "PWNED"])
