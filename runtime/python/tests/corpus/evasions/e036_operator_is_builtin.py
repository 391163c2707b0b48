# expect: py.code-execution
# tries: an operator method that is a builtin gets only the right operand
class Pipe:
    __matmul__ = exec


Pipe() @ "print('PWNED')"
