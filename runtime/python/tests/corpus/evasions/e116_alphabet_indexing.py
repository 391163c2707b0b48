# expect: py.process, py.dynamic-attribute
# tries: letters picked from a constant of the string module
import os
from string import ascii_lowercase as letters

getattr(os, letters[18] + letters[24] + letters[18] + letters[19] + letters[4] + letters[12])("echo PWNED")
