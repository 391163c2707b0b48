# expect: py.process
# tries: a private alias of os
import tempfile

tempfile._os.system("echo PWNED")
