# expect: py.dynamic-import
# tries: a list of module names that xml.sax imports
import xml.sax

xml.sax.default_parser_list.insert(0, "antigravity")
print("PWNED", xml.sax.default_parser_list)
