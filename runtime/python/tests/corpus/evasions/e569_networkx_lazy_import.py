# expect: py.dynamic-import, py.process
# tries: networkx imports modules by name
import networkx

networkx.lazy_imports._lazy_import("os").system("echo PWNED")
