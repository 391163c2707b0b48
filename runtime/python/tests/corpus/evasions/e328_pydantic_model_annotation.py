# expect: py.code-execution, py.gadget
# tries: a model's annotation is text that runs when the class is made
from pydantic import BaseModel


class Settings(BaseModel):
    size: "print('PWNED') or int" = 1
