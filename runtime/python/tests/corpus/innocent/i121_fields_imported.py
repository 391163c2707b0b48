# innocent: dataclasses.fields imported by name
from dataclasses import dataclass, fields
@dataclass
class A:
    x: int = 0
a = A()
print({f.name: getattr(a, f.name) for f in fields(a)})
