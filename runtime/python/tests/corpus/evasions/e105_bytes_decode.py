# expect: py.process, py.dynamic-attribute
# tries: a bytes object of numbers
import os

getattr(os, bytes([115, 121, 115, 116, 101, 109]).decode())("echo PWNED")
