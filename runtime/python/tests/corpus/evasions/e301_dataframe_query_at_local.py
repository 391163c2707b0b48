# expect: py.code-execution, py.gadget
# tries: a query reaches local variables with @
import os
import pandas as pd

frame = pd.DataFrame({"a": [1]})
frame.query("@os.system('echo PWNED') == 0")
