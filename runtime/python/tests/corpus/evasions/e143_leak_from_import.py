# expect: py.import, py.namespace, py.gadget, py.process
# tries: a leaked module imported by name
from zipfile import importlib as loader

loader.import_module("subprocess").run(["echo", "PWNED"])
