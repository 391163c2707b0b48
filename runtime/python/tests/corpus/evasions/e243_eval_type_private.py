# expect: py.code-execution, py.gadget
# tries: the evaluator inside of typing
import typing

typing._eval_type(typing.List["print('PWNED') or int"], {}, {})
