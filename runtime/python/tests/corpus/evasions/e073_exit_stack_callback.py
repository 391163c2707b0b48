# expect: py.code-execution
# tries: an exit stack calls the function
import contextlib

with contextlib.ExitStack() as stack:
    stack.callback(exec, "print('PWNED')")
