# expect: py.dynamic-attribute, py.namespace
# tries: vars of an instance sets what the class gives a default
import os


class Options:
    name = "path"

    def run(self):
        return getattr(os, self.name)


options = Options()
vars(options)["name"] = "sys" + "tem"
options.run()("echo PWNED")
