# expect: py.introspection, py.process, py.gadget
# tries: a closure's cell holds what another module keeps for itself
import os


def keep(value):
    return lambda: value


keep(os).__closure__[0].cell_contents.system("echo PWNED")
