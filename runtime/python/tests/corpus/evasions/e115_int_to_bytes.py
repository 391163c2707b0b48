# expect: py.process, py.dynamic-attribute
# tries: an integer's bytes
import os

getattr(os, (0x73797374656D).to_bytes(6, "big").decode())("echo PWNED")
