# expect: py.process
# tries: a warning carries a module
import os
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn(UserWarning(os))
caught[0].message.args[0].system("echo PWNED")
