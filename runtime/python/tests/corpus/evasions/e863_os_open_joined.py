# expect: py.native-code
# tries: the memory of the process by a joined path
import os

handle = os.open(os.path.join("/proc/self", "mem"), os.O_RDWR)
print("PWNED", handle)
