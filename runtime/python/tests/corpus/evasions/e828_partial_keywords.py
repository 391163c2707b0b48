# expect: py.process
# tries: the keywords of a partial
import functools
import os

functools.partial(print, tool=os).keywords["tool"].system("echo PWNED")
