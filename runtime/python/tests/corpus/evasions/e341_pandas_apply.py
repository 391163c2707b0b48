# expect: py.code-execution
# tries: a frame applies the builtin
import pandas as pd

pd.Series(["print('PWNED')"]).map(eval)
