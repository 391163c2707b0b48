# expect: py.gadget
# tries: a class in a container that is made from string.Formatter
import string

bases = (string.Formatter,)
Own = type("Own", bases, {"get_value": lambda self, key, args, kwargs: print("PWNED")})
Own().format("{x}")
