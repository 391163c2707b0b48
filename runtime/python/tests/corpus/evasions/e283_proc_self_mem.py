# expect: py.native-code, py.gadget
# tries: the process writes its own memory
secret = b"XXXXX"
with open("/proc/self/mem", "r+b", buffering=0) as memory:
    memory.seek(id(secret) + 32)
    memory.write(b"PWNED")
print(secret.decode())
