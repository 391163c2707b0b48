# expect: py.dynamic-attribute, py.namespace, py.gadget
# tries: a module becomes a data class and astuple reads its field
import dataclasses
import os
import types

os.__class__ = dataclasses.make_dataclass("M", ["sys" + "tem"], bases=(types.ModuleType,))
dataclasses.astuple(os)[0]("echo PWNED")
