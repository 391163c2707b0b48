# expect: py.process
# tries: the last item of an ordered dictionary
import collections
import os

table = collections.OrderedDict(a=os)
table.popitem()[1].system("echo PWNED")
