# expect: py.code-execution
# tries: the index in the target of with
import contextlib

slots = {}
with contextlib.nullcontext(1) as slots[eval("print('PWNED')")]:
    pass
