# expect: py.process
# tries: sum() joins lists
import os

sum([[1], [os]], [])[1].system("echo PWNED")
