# expect: py.dynamic-import, py.process
# tries: pandas imports modules by name
from pandas.compat import _optional

_optional.import_optional_dependency("os").system("echo PWNED")
