# expect: py.native-code, py.import, py.gadget
# tries: C++ in a string
from torch.utils.cpp_extension import load_inline

load_inline("x", cpp_sources='int f() { return system("echo PWNED"); }', functions=["f"])
