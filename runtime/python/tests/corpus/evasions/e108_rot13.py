# expect: py.process, py.dynamic-attribute
# tries: rot13
import codecs
import os

getattr(os, codecs.decode("flfgrz", "rot13"))("echo PWNED")
