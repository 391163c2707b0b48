# expect: py.code-execution, py.gadget
# tries: pandas evaluates expressions
import pandas as pd

pd.eval("__import__('os').system('echo PWNED')", engine="python")
