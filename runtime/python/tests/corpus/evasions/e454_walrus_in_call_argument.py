# expect: py.process
# tries: a walrus in an argument is bound before the next argument
import os

print((backend := os) and "", backend.system("echo PWNED"))
