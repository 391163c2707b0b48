# expect: py.process
# tries: fork, and execl through getattr with a default
import os

pid = os.fork()
if pid == 0:
    getattr(os, "execl", None)("/bin/echo", "echo", "PWNED")
os.waitpid(pid, 0)
