import numpy as np

np.random.system("echo PWNED")
