# expect: py.native-code, py.import, py.gadget
# tries: scipy calls C functions
import ctypes.util as find
from scipy import LowLevelCallable

LowLevelCallable(find.find_library("c"))
