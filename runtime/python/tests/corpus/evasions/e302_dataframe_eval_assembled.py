# expect: py.code-execution, py.gadget
# tries: the expression is put together
import pandas as pd

frame = pd.DataFrame({"a": [1]})
name = "@pd" + ".io.common" + ".os.system('echo PWNED')"
frame.eval(name)
