# expect: py.search-path
# tries: compiled files are read from another folder
import os
import sys
import tempfile

COMPILED = bytes.fromhex(
    "a70d0d0a010000000000000000000000e30000000000000000000000000300000000000000f31c000000970002"
    "0065006400a6010000ab0100000000000000000100640153002902da0550574e45444e2901da057072696e74a9"
    "00f300000000fa0b636f6c6f727379732e7079fa083c6d6f64756c653e7207000000010000007316000000f003"
    "010101d8000580058067810e840e800e800e800e7205000000"
)
sys.pycache_prefix = tempfile.mkdtemp()
folder = sys.pycache_prefix + os.path.dirname(os.__file__)
os.makedirs(folder)
with open(os.path.join(folder, "colorsys.cpython-311.pyc"), "wb") as file:
    file.write(COMPILED)
import colorsys
