# expect: py.dynamic-attribute
# tries: getattr.__call__ with a computed name
import os

K = os.environ.get("NOPE", "system")
getattr.__call__(os, K)("echo PWNED")
