# expect: py.introspection, py.gadget, py.dynamic-attribute, py.namespace
# tries: str.format walks attributes and elements
PWNED_SECRET = "PWNED"


class User:
    def __init__(self):
        pass


print("{0.__init__.__globals__[PWNED_SECRET]}".format(User()))
