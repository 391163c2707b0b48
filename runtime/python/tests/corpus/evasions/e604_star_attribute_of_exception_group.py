# expect: py.namespace, py.dynamic-attribute
# tries: a module is a key of a dictionary whose keys are compared
import os


class Key:
    def __hash__(self):
        return hash(os)

    def __eq__(self, other):
        other.__dict__["system"]("echo PWNED")
        return False


{os: 1}.get(Key())
