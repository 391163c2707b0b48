# expect: py.process
# tries: a thread-local object carries the module
import os
import threading

state = threading.local()
state.backend = os
state.backend.system("echo PWNED")
