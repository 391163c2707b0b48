# expect: py.process, py.dynamic-attribute
# tries: base64
import base64
import os

getattr(os, base64.b64decode("c3lzdGVt").decode())("echo PWNED")
