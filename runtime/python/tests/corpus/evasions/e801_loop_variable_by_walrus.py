# expect: py.introspection, py.dynamic-attribute, py.dynamic-lookup
# tries: the name is replaced by a walrus in a loop's target after it was looked at
import functools


def run(thing, table):
    for name in dir(thing):
        if name.startswith("__call"):
            for table[(name := "__glo" + "bals__")] in [1]:
                pass
            space = getattr(thing, name)
            space["__builtins__"].eval("print('PWNED')")


run(functools.partial(run).func, {})
