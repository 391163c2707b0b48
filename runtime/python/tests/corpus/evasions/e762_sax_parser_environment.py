# expect: py.dynamic-import
# tries: an environment variable names the module that xml.sax imports
import os

with open("driver.py", "w") as file:
    file.write("print('PWNED')")
os.environ["PY_SAX_PARSER"] = "driver"
import xml.sax

try:
    xml.sax.parseString("<a/>", xml.sax.ContentHandler())
except Exception:
    pass
