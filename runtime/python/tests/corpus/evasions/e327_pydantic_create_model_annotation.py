# expect: py.code-execution, py.gadget
# tries: a field's type is text that pydantic evaluates
import pydantic

pydantic.create_model("Model", field=("print('PWNED') or int", 1))
