# expect: py.code-execution
# tries: a bound call
import functools

functools.partial(eval, "print('PWNED')")()
