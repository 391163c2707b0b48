# expect: py.namespace, py.process, py.dynamic-attribute
# tries: a dictionary that is extended compares its keys
import os


class Key:
    def __hash__(self):
        return hash(os)

    def __eq__(self, other):
        other.system("echo PWNED")
        return True


table = {}
table[os] = 1
table[Key()] = 2
