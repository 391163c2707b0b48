# expect: py.process
# tries: backslashes between all tokens
import \
    os
os\
    .\
    system\
    ("echo PWNED")
