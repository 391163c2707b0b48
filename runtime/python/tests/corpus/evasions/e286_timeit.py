# expect: py.import, py.code-execution
# tries: timeit runs text
from timeit import timeit

timeit("print('PWNED')", number=1)
