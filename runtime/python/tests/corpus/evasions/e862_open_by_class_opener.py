# expect: py.native-code
# tries: the memory of the process by a path object
import pathlib

path = pathlib.Path("/proc") / "self" / "mem"
with path.open("r+b", buffering=0) as memory:
    print("PWNED", memory)
