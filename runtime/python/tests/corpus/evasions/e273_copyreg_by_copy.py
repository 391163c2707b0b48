# expect: py.code-execution
# tries: copy() calls what __reduce_ex__ returns
import copy


class Payload:
    def __reduce_ex__(self, protocol):
        return eval, ("print('PWNED')",)


copy.copy(Payload())
