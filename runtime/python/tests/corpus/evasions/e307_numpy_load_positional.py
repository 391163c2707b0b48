# expect: py.deserialisation
# tries: allow_pickle is the third positional parameter
import numpy as np

load = np.load
load("weights.npy", None, True)
