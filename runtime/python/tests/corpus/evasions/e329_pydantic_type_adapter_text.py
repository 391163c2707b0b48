# expect: py.code-execution, py.gadget
# tries: an adapter of a type in a string
from pydantic import TypeAdapter

TypeAdapter(list["print('PWNED') or int"]).rebuild()
