# expect: py.process, py.dynamic-attribute
# tries: XOR of bytes
import os

getattr(os, bytes(b ^ 42 for b in b"YSY^OG").decode())("echo PWNED")
