# expect: py.process, py.dynamic-attribute
# tries: _replace of a named tuple with a constant default
import os
import typing


class Options(typing.NamedTuple):
    name: str = "path"

    def run(self):
        return getattr(os, self.name)


Options()._replace(name="sys" + "tem").run()("echo PWNED")
