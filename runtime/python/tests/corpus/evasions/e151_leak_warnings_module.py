# expect: py.namespace, py.introspection, py.gadget, py.import, py.process, py.code-execution
# tries: an instance keeps its module
import warnings

warnings.catch_warnings()._module.sys.modules["os"].system("echo PWNED")
