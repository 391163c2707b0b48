# expect: py.process
# tries: posix_spawn
import os

pid = os.posix_spawn("/bin/echo", ["echo", "PWNED"], os.environ)
os.waitpid(pid, 0)
