# expect: py.process, py.import, py.namespace, py.gadget, py.dynamic-attribute
# tries: a private class's attribute is posixpath, which imports os
import pathlib

pathlib._PosixFlavour.pathmod.os.system("echo PWNED")
