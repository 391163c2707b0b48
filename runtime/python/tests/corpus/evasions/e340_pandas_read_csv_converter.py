# expect: py.code-execution
# tries: a converter gets the text of each cell
import io
import pandas as pd

pd.read_csv(io.StringIO("a\nprint('PWNED')"), converters={"a": eval})
