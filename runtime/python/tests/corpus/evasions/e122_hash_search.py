# expect: py.process, py.dynamic-attribute, py.namespace
# tries: the name is known by its hash only
import os
import zlib

for name in dir(os):
    if zlib.crc32(name.encode()) == 3377271179:
        getattr(os, name)("echo PWNED")
