# expect: py.native-code
# tries: the ctypes attribute of an array holds the module
import numpy as np

np.array([1]).ctypes._ctypes.CDLL(None).system(b"echo PWNED")
