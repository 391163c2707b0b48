# expect: py.process, py.namespace, py.import, py.gadget, py.dynamic-attribute
# tries: a leaked module by a constant name
import tempfile

getattr(tempfile, "_" + "os").system("echo PWNED")
