# expect: py.introspection, py.dynamic-attribute
# tries: a text of one's own class says that it begins as expected
import sys


class Name(str):
    def startswith(self, *args):
        return True


def run(thing, names):
    for name in names:
        if name.startswith("run_"):
            getattr(thing, name)["__builtins__"].eval("print('PWNED')")


run(run, [Name(sys.argv[1] if len(sys.argv) > 1 else "__globals__")])
