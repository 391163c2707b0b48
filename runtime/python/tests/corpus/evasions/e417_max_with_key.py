# expect: py.process
# tries: max with one candidate
import os

max([os], key=id).system("echo PWNED")
