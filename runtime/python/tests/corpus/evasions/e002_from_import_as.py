# expect: py.process
# tries: a function under another name
from os import popen as read_lines

print(read_lines("echo PWNED").read())
