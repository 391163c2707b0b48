# expect: py.process
# tries: signals to other processes, here signal 0 to itself
import os

print("PWNED") if os.kill(os.getpid(), 0) is None else None
