# expect: py.introspection, py.code-execution, py.import, py.gadget, py.namespace
# tries: a leaked inspect evaluates annotations
import dataclasses


def run(value: "print('PWNED')"):
    pass


dataclasses.inspect.signature(run, eval_str=True)
