# expect: py.process
# tries: a list that contains itself
import os

loop = [None, os]
loop[0] = loop
loop[0][0][0][1].system("echo PWNED")
