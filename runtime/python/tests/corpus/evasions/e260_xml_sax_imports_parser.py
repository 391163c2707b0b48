# expect: py.search-path, py.dynamic-import, py.gadget
# tries: the names of parsers are names of modules
import pathlib
import sys
import xml.sax

pathlib.Path("driver.py").write_text("print('PWNED')\ndef create_parser():\n    pass\n")
sys.path.append(".")
xml.sax.make_parser(["driver"])
