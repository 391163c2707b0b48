# expect: py.process
# tries: repetition, concatenation, copying, slicing
import os

([os] * 3 + [])[:].copy()[-1].system("echo PWNED")
