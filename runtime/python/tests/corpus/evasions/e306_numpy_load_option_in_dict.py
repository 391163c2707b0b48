# expect: py.deserialisation, py.dynamic-attribute
# tries: the option comes from a dict
import numpy as np

options = {"allow" + "_pickle": 1 == 1}
np.load("weights.npy", **options)
