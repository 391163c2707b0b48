# expect: py.code-execution, py.gadget
# tries: the function in a container, the annotation set afterwards
from typing import get_type_hints as hints


def run(value):
    pass


run.__annotations__["value"] = "print('PWNED') or int"
[hints][0](run)
