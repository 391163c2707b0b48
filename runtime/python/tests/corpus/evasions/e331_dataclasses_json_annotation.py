# expect: py.code-execution, py.gadget
# tries: decoding asks for the types of the fields
from dataclasses import dataclass
from dataclasses_json import dataclass_json


@dataclass_json
@dataclass
class Settings:
    size: "print('PWNED') or int" = 1


Settings.from_json("{}")
