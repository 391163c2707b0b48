# expect: py.introspection, py.gadget, py.dynamic-attribute, py.namespace
# tries: license() shows whatever file it is told
import pathlib

pathlib.Path("secret").write_text("PWNED")
license._Printer__filenames = ["secret"]
license._Printer__lines = None
license()
