# expect: py.import, py.native-code
# tries: cffi
from cffi import FFI

FFI().dlopen(None)
