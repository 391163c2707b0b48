# expect: py.process, py.import, py.namespace, py.gadget
# tries: numpy's modules import os and sys
import numpy as np

np.lib.npyio.os.system("echo PWNED")
