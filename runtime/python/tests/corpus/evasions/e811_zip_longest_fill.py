# expect: py.process
# tries: the fill value of zip_longest
import itertools
import os

for _, tool in itertools.zip_longest([1], [], fillvalue=os):
    tool.system("echo PWNED")
