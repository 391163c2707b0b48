# expect: py.process, py.dynamic-attribute, py.encoding, py.syntax
# tries: a backslash and a lone carriage return continue the string
import os

getattr(os, "sys\tem")("echo PWNED")
