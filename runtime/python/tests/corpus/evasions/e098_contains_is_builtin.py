# expect: py.code-execution
# tries: the left operand of `in` becomes the text
class Bag:
    __contains__ = eval


"print('PWNED')" in Bag()
