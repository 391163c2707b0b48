# expect: py.dynamic-import, py.gadget
# tries: the name of an implementation is the name of a module
import xml.dom.domreg

xml.dom.domreg.well_known_implementations["x"] = "this"
try:
    xml.dom.getDOMImplementation("x")
except AttributeError:
    print("PWNED")
