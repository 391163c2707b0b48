# expect: py.deserialisation
# tries: numpy unpickles
import numpy as np

np.load("weights.npy", allow_pickle=True)
