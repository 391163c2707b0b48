# expect: py.code-execution
# tries: the target and the annotation of an annotated element
limits = {}
limits["x"]: eval("print('PWNED')") = 1
