# expect: py.namespace, py.dynamic-import, py.gadget
# tries: a finder of our own sees all imports
import sys


class Finder:
    def find_spec(self, name, path, target=None):
        print("PWNED", name)


sys.meta_path.insert(0, Finder())
try:
    import tabulate
except ImportError:
    pass
