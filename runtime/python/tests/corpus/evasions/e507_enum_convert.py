# expect: py.dynamic-import, py.namespace, py.dynamic-attribute, py.private
# tries: Enum._convert_ takes members from a module by the module's name
import enum


class Base(enum.Enum):
    pass


found = Base._convert_("Found", "os", filter=lambda name: name == "sys" + "tem")
found.system.value("echo PWNED")
