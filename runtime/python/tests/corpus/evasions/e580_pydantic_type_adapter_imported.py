# expect: py.code-execution
# tries: TypeAdapter imported by name evaluates text
from pydantic import TypeAdapter

TypeAdapter("print('PWNED') or int")
