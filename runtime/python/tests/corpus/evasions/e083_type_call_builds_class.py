# expect: py.process
# tries: type() with three arguments makes the class
import os

type("Box", (), {"backend": os})().backend.system("echo PWNED")
