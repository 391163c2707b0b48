# expect: py.process, py.dynamic-attribute
# tries: hexadecimal digits
import os

getattr(os, bytes.fromhex("73 79 73 74 65 6d").decode("ascii"))("echo PWNED")
