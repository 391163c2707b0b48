# expect: py.code-execution
# tries: the second condition of the second loop of a set comprehension
{x for x in [1] if x for y in [2] if y if eval("print('PWNED')")}
