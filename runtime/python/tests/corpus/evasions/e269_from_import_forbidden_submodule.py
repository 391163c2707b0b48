# expect: py.import, py.gadget, py.code-execution
# tries: the forbidden submodule as a name of the allowed package
from logging import config as settings

settings.fileConfig and print("PWNED")
