# expect: py.process
# tries: a deque with a maximum length
import collections
import os

line = collections.deque([1, 2], maxlen=2)
line.append(os)
line.rotate(1)
line[0].system("echo PWNED")
