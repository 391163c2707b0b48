# expect: py.code-execution, py.gadget
# tries: the query comes from outside
import sys
import pandas as pd

pd.DataFrame({"a": [1]}).query(sys.argv[-1])
