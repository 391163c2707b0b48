# expect: py.code-execution, py.gadget
# tries: typing_extensions evaluates texts of annotations
import typing_extensions


def function(value):
    pass


function.__annotations__["value"] = "print('PWNED')"
typing_extensions.get_annotations(function, eval_str=True)
