# expect: py.process, py.dynamic-attribute
# tries: object.__setattr__ sets what the class gives a default
import os


class Options:
    name = "path"

    def run(self):
        return getattr(os, self.name)


options = Options()
object.__setattr__(options, "name", "sys" + "tem")
options.run()("echo PWNED")
