# expect: py.namespace, py.introspection, py.dynamic-attribute
# tries: operator.attrgetter with a path to the builtins
from operator import attrgetter


def helper():
    pass


attrgetter("__globals__.get")(helper)("__builtins__").eval("print('PWNED')")
