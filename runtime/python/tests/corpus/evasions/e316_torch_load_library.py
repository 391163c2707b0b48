# expect: py.native-code, py.gadget
# tries: a shared library
import torch

torch.ops.load_library("./payload.so")
