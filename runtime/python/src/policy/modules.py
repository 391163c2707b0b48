"""Writes modules.txt: the modules of CPython 3.11, and which of their attributes are other modules.

Run it with the interpreter of the sandbox: python3.11 -I modules.py > modules.txt
Lines are `module` or `module attribute target`, target `=` when it is the attribute's own name. Submodules of
packages that lie below their package are left out: their path says it already.
"""

import builtins
import importlib
import os
import pkgutil
import sys
import types
import warnings

warnings.simplefilter("ignore")
SKIPPED = {"antigravity", "this", "idlelib", "test", "lib2to3", "turtledemo", "__main__", "tkinter", "turtle"}
DANGEROUS = {"eval", "exec", "compile", "__import__", "open", "getattr", "globals", "input", "breakpoint"}
DANGEROUS = {id(getattr(builtins, name)): "builtins." + name for name in DANGEROUS}
DANGEROUS.update(
    (id(getattr(os, name)), "os." + name)
    for name in dir(os)
    if callable(getattr(os, name)) and not isinstance(getattr(os, name), type) and not name.startswith("_")
)


def modules():
    for name in sorted(sys.stdlib_module_names):
        if name in SKIPPED:
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        yield name, module
        if hasattr(module, "__path__"):
            for info in pkgutil.walk_packages(module.__path__, name + "."):
                if ".test" in info.name or "__main__" in info.name:
                    continue
                try:
                    yield info.name, importlib.import_module(info.name)
                except Exception:
                    continue


def canonical(module):
    name = module.__name__
    return {"posixpath": "os.path", "posix": "os", "ntpath": "os.path"}.get(name, name)


def main():
    found = set()
    known = list(modules())
    for name, module in known:
        for attribute, value in sorted(vars(module).items()):
            if isinstance(value, types.ModuleType):
                target = canonical(value)
                if target != f"{name}.{attribute}" and target != name:
                    found.add((name, attribute, target))
            elif id(value) in DANGEROUS and not isinstance(value, type):
                target = DANGEROUS[id(value)]
                if target != f"{name}.{attribute}":
                    found.add((name, attribute, target))
            elif isinstance(value, type) and value.__module__ == name:
                for inner, held in sorted(vars(value).items()):
                    if isinstance(held, types.ModuleType):
                        found.add((f"{name}.{attribute}", inner, canonical(held)))
    for name in sorted({name for name, _ in known} - {name for name, _, _ in found}):
        print(name)
    for name, attribute, target in sorted(found):
        print(name, attribute, "=" if target == attribute else target)


main()
