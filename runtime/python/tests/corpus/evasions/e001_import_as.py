# expect: py.process
# tries: a module under another name
import os as toolkit

toolkit.system("echo PWNED")
