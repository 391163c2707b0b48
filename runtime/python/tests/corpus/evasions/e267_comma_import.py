# expect: py.import, py.native-code
# tries: the third of a list of imports
import json, re, ctypes, math

print(ctypes.create_string_buffer(b"PWNED").value)
