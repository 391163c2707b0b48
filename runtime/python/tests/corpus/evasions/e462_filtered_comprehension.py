# expect: py.process
# tries: a filter in a comprehension takes out what keeps a name from being read
import os

getattr(os, "".join(c for c in "s-y-s-t-e-m" if c != "-"))("echo PWNED")
