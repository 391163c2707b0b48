# expect: py.namespace, py.process, py.dynamic-attribute
# tries: list.index compares a module with an object of one's own class
import os


class Key:
    def __eq__(self, other):
        other.system("echo PWNED")
        return True


[os].index(Key())
