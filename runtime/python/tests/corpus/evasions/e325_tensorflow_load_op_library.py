# expect: py.native-code
# tries: a shared library
import tensorflow

tensorflow.load_op_library("./payload.so")
