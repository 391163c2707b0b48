# expect: py.process, py.dynamic-attribute
# tries: dataclasses.replace sets the field
import dataclasses
import os


@dataclasses.dataclass
class Options:
    name: str = "path"

    def run(self):
        return getattr(os, self.name)


dataclasses.replace(Options(), name="sys" + "tem").run()("echo PWNED")
