# expect: py.dynamic-attribute
# tries: getattr of a computed name on a value that lost its module through an operator
import os

K = os.environ.get("NOPE", "system")


class Look:
    def __matmul__(self, other):
        return getattr(other, "sys" + K[3:])


(Look() @ os)("echo PWNED")
