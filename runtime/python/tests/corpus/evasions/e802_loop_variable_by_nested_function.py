# expect: py.introspection
# tries: a nested function replaces the name between the look and the use
def run(thing):
    def change():
        nonlocal name
        name = "__globals__"

    for name in dir(thing):
        if name.startswith("__call"):
            change()
            getattr(thing, name)["__builtins__"].eval("print('PWNED')")


run(run)
