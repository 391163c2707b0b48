# expect: py.process
# tries: the metadata of a field
import dataclasses
import os


@dataclasses.dataclass
class Box:
    x: int = dataclasses.field(default=0, metadata={"tool": os})


dataclasses.fields(Box)[0].metadata["tool"].system("echo PWNED")
