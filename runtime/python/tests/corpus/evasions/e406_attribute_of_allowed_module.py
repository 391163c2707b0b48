# expect: py.process, py.dynamic-attribute, py.namespace, py.gadget
# tries: an allowed module carries the forbidden thing
import math
import os

math.backend = os
math.backend.system("echo PWNED")
