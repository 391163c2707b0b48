# expect: py.process, py.import
# tries: the module behind a path object
import pathlib

pathlib.Path()._flavour.pathmod.os.system("echo PWNED")
