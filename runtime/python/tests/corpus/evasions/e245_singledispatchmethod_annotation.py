# expect: py.code-execution, py.gadget
# tries: the same for methods, with annotations as strings by the future import
from __future__ import annotations

import functools


class Agent:
    @functools.singledispatchmethod
    def run(self, value):
        pass

    @run.register
    def _(self, value: print("PWNED") or int):
        pass
