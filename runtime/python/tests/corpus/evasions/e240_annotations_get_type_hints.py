# expect: py.code-execution, py.gadget
# tries: string annotations are evaluated by typing
import typing


def run(value: "print('PWNED') or int"):
    pass


typing.get_type_hints(run)
