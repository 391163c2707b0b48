# expect: py.introspection, py.gadget, py.dynamic-attribute, py.namespace
# tries: the template is put together, the walk ends in a secret
import os

os.environ["TOKEN"] = "PWNED"
template = "{m." + "env" + "iron[TOKEN]}" + "{m.__buil" + "tins__}"
print(template.format_map({"m": os})[:5])
