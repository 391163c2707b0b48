# expect: py.gadget, py.code-execution
# tries: annotations of a model written as a dictionary
import pydantic


class Model(pydantic.BaseModel):
    __annotations__ = {"x": "print('PWNED') or int"}
