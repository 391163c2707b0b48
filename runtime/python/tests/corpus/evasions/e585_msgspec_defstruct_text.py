# expect: py.gadget, py.code-execution
# tries: msgspec evaluates the types of fields written as text
import msgspec

Struct = msgspec.defstruct("Struct", [("x", "print('PWNED') or int")])
msgspec.json.decode(b'{"x": 1}', type=Struct)
