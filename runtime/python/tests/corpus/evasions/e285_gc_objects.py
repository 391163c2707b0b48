# expect: py.import, py.introspection
# tries: gc lists all objects
import gc

(table,) = [o for o in gc.get_objects() if isinstance(o, dict) and o.get("__name__") == "posix"]
table["system"]("echo PWNED")
