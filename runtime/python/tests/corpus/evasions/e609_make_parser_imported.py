# expect: py.dynamic-import
# tries: make_parser imported by name
import sys
from xml.sax import make_parser

print("PWNED")
try:
    make_parser(["this"])
except Exception as error:
    print(error)
