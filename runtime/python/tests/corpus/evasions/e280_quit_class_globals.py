# expect: py.introspection, py.namespace
# tries: a site builtin's class leads to its module
quit.__class__.__call__.__globals__["sys"].modules["os"].system("echo PWNED")
