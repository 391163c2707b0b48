# expect: py.process
# tries: the keys of a counter
import collections
import os

collections.Counter([os]).most_common(1)[0][0].system("echo PWNED")
