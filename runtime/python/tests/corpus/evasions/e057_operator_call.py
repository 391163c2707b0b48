# expect: py.code-execution
# tries: operator.call
import operator

operator.call(eval, "print('PWNED')")
