# expect: py.dynamic-attribute, py.namespace
# tries: copy calls what __reduce_ex__ returns: vars of a module
import copy
import os


class Payload:
    def __reduce_ex__(self, protocol):
        return vars, (os,)


copy.copy(Payload())["system"]("echo PWNED")
