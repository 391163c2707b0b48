# expect: py.code-execution, py.introspection
# tries: annotations in quotes are evaluated by signature
import inspect


def run(x: "print('PWNED')"):
    pass


inspect.signature(run, eval_str=True)
