# expect: py.process
# tries: the module moves one variable further with each round
import os

a = b = c = d = e = f = g = h = None
for _ in range(8):
    h = g
    g = f
    f = e
    e = d
    d = c
    c = b
    b = a
    a = os
h.system("echo PWNED")
