# expect: py.native-code, py.import
# tries: numpy loads shared libraries
import numpy as np

np.ctypeslib.load_library("libc.so.6", "/lib").system(b"echo PWNED")
