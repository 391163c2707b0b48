# expect: py.process, py.dynamic-attribute
# tries: a data class built from a dictionary
import dataclasses
import os


@dataclasses.dataclass
class Options:
    name: str = "path"

    def run(self):
        return getattr(os, self.name)


Options(**{"name": "system"}).run()("echo PWNED")
