# expect: py.process, py.namespace, py.import, py.gadget
# tries: `import a.b as c` binds the submodule, whose own imports are reachable
import xml.etree.ElementTree as tree

tree.sys.modules["os"].system("echo PWNED")
