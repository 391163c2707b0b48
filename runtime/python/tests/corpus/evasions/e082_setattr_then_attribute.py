# expect: py.process
# tries: setattr stores the module under a computed name
import os


class Box:
    pass


setattr(Box, "back" + "end", os)
Box.backend.system("echo PWNED")
