# expect: py.code-execution
# tries: a builtin as __call__ is not bound, so it sees only the arguments
class Run:
    __call__ = eval


Run()("print('PWNED')")
