# expect: py.process, py.dynamic-attribute
# tries: unicodedata.normalize of fullwidth letters
import os
import unicodedata

getattr(os, unicodedata.normalize("NFKC", "ｓｙｓｔｅｍ"))("echo PWNED")
