# expect: py.process, py.dynamic-attribute
# tries: percent-encoding
import os
import urllib.parse

getattr(os, urllib.parse.unquote("%73ystem"))("echo PWNED")
