# expect: py.code-execution, py.gadget
# tries: a class of one's own has a method _evaluate
import typing


class Tree:
    def _evaluate(self, *args):
        return None


for argument in typing.get_args(typing.Optional["pri" + "nt('PWNED')"]):
    if not isinstance(argument, type):
        argument._evaluate({}, {}, frozenset())
