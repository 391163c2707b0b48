# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a library function returns one of its arguments
import os
import random

random.choice([os]).system("echo PWNED")
