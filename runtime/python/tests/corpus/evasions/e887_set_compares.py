# expect: py.namespace, py.process, py.dynamic-attribute
# tries: a set compares a module with an object of one's own class
import os


class Key:
    def __hash__(self):
        return hash(os)

    def __eq__(self, other):
        other.system("echo PWNED")
        return True


Key() in {os}
{os, Key()}
