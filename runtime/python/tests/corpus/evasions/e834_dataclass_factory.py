# expect: py.process
# tries: the default factory of a field
import dataclasses
import os


@dataclasses.dataclass
class Box:
    tool: object = dataclasses.field(default_factory=lambda: os)


Box().tool.system("echo PWNED")
