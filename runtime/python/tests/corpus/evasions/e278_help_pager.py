# expect: py.gadget, py.process, py.code-execution
# tries: help() imports modules by name
help("this") or print("PWNED")
