# expect: py.native-code
# tries: /proc/self/mem with another spelling
import os

with open("//proc/self/mem", "rb") as memory:
    print("PWNED")
